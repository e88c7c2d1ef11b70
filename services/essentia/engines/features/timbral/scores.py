"""Scores a recording by all eight models, at the loudness that they were fitted at and two minutes at a time."""

from __future__ import annotations

import numpy as np

from services.essentia.engines.features import ebu
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.timbral import attacks, hardness, reverberation, roughness, spectrum, warmth
from services.essentia.engines.features.timbral.zwicker import Loudness

# The loudness that the models were fitted at; what is louder or quieter would count as another timbre.
TARGET_LUFS = -24.0
# The models hold whole envelopes; two minutes at a time keep that small.
LONGEST_SECONDS = 120
Found = dict[str, float | None]


def measure(sheet: Sheet) -> None:
    """Fills the group: the mean over equal pieces of at most two minutes."""
    values, clip = sheet.groups["timbral"], sheet.clip
    reverberation.put(sheet)
    meter = ebu.Meter((1.0,))
    meter.feed(clip.mono[None])
    loudness = ebu.integrated(meter.blocks())
    if loudness is None:
        sheet.warn("LOUDNESS_BELOW_GATE", "nothing is above -70 LUFS", "timbral")
        return
    gain = 10 ** ((TARGET_LUFS - loudness) / 20)
    # Beyond full scale it is turned down again, as the models were fitted.
    gain = min(gain, 1 / max(float(clip.mono.max()), -float(clip.mono.min())))
    found: list[Found] = []
    weights = []
    for _, piece in clip.windows(LONGEST_SECONDS):
        sheet.checkpoint()
        found.append(_describe(sheet, piece * np.float32(gain)))
        weights.append(piece.size)
    for name in found[0]:
        known = [(weight, each[name]) for weight, each in zip(weights, found, strict=True) if each[name] is not None]
        total = sum(weight for weight, _ in known)
        if total:
            score = sum(weight * number for weight, number in known if number is not None) / total
            values.put(name, min(100.0, max(0.0, score)))


def _describe(sheet: Sheet, samples: Samples) -> Found:
    loudness = Loudness(samples)
    sheet.checkpoint()
    onsets = attacks.find(samples)
    sheet.checkpoint()
    spectra = spectrum.Spectrum(samples)
    found: Found = {
        "brightness": spectra.brightness(),
        "depth": spectra.depth(samples, onsets),
        "booming": loudness.booming(),
        "sharpness": loudness.sharpness(),
        "roughness": roughness.measure(samples),
    }
    sheet.checkpoint()
    found["warmth"] = warmth.measure(samples, onsets, loudness)
    found["hardness"] = hardness.measure(samples, onsets, loudness)
    return found
