"""Measures the tonal group: chroma, key, tuning, chords."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.harmony import HOP, STATISTICS
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import HarmonicFrames, Sheet
from services.essentia.engines.features.values import entropy_bits

# The first decides a tie.
KEY_PROFILES = ("edma", "bgate", "temperley", "krumhansl")
# HPCP counts from A; the contract from C, three semitones up.
SEMITONES_FROM_A_TO_C = 3
# White noise and a random twelve-tone melody have a crest of 1.1 to 1.2 and 3.58 bits, a click 1.5 and 3.56, music from
# 1.84 up and at most 3.42 bits; both limits stand halfway between.
MIN_CREST, MAX_ENTROPY_BITS = 1.5, 3.5
# A single note has a crest of 4.4 or more, a bare fifth 3.9, a triad up to 3.8, music up to 2.8: one note has no key.
MAX_CREST = 4.2
FLATTEST_BITS = float(np.log2(12))
ATONAL_FROM_BITS = 3.3


def measure_chroma(sheet: Sheet) -> None:
    """Fills what the harmonic frames say."""
    values, frames = sheet.groups["tonal"], _frames(sheet)
    for name in STATISTICS:
        if name.startswith("tristimulus"):
            series = frames.series[name]
            values.put(f"{name}_mean", float(series.mean()) if series.size else None)
        else:
            values.put_stats(name, frames.series[name])
    if frames.tuning is not None:
        values.put("tuning_hz", frames.tuning[0])
        values.put("tuning_cents", frames.tuning[1])
    mean = np.roll(frames.chroma.mean(0, dtype=np.float64), -SEMITONES_FROM_A_TO_C)
    entropy = entropy_bits(mean)
    if entropy is None:
        return
    crest = float(mean.max() / mean.mean())
    values.put_array("chroma", mean / mean.sum())
    values.put("chroma_entropy_bits", entropy)
    values.put("chroma_crest_ratio", crest)
    values.put("atonality", _atonality(crest, entropy))
    entropies = [bits for bits in map(entropy_bits, frames.chroma) if bits is not None]
    values.put("chroma_frame_entropy_bits", float(np.mean(entropies)))
    both = frames.sounding[1:] & frames.sounding[:-1]
    if both.any():
        steps = np.linalg.norm(np.diff(frames.chroma, axis=0)[both], axis=1)
        values.put("harmonic_change_mean", float(steps.mean(dtype=np.float64)))
    if frames.fine_chroma.any():
        deviation, energy, peaks = es.HighResolutionFeatures()(frames.fine_chroma)
        values.put("equal_tempered_deviation", deviation)
        values.put("nontempered_energy_ratio", energy)
        values.put("nontempered_peaks_ratio", peaks)


def measure_key(sheet: Sheet) -> None:
    """Fills the key by vote over KEY_PROFILES, unless the chroma is too flat to have one."""
    values = sheet.groups["tonal"]
    crest, entropy = values.get("chroma_crest_ratio"), values.get("chroma_entropy_bits")
    if not isinstance(crest, float) or not isinstance(entropy, float):
        sheet.warn("KEY_UNCLEAR", "no pitch was found", "tonal.key_tonic")
        return
    if crest > MAX_CREST:
        message = f"there is hardly more than one note (chroma crest {crest:.2f}; a key needs {MAX_CREST} or less)"
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    if crest < MIN_CREST or entropy > MAX_ENTROPY_BITS:
        message = (
            f"the chroma is too flat for a key (crest {crest:.2f}, entropy {entropy:.2f} bits; "
            f"a key needs {MIN_CREST} or more and {MAX_ENTROPY_BITS} or less)"
        )
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    estimates = []
    for profile in KEY_PROFILES:
        sheet.checkpoint()
        tonic, scale, strength = es.KeyExtractor(profileType=profile)(sheet.clip.mono)
        estimates.append({"profile": profile, "tonic": tonic, "scale": scale, "strength": float(strength)})
    # Counter keeps the order of first appearance among equals, so a tie goes to the first profile in it.
    votes = Counter((estimate["tonic"], estimate["scale"]) for estimate in estimates)
    winner, count = votes.most_common(1)[0]
    values["key_tonic"], values["key_scale"] = winner
    values["key_estimates"] = tuple(estimates)
    values.put("key_agreement", count / len(estimates))
    strengths = [float(each["strength"]) for each in estimates if (each["tonic"], each["scale"]) == winner]
    values.put("key_strength", float(np.mean(strengths)))


def measure_chords(sheet: Sheet) -> None:
    """Fills the chords: triads in spans of 2 s."""
    values, frames = sheet.groups["tonal"], _frames(sheet)
    if not frames.chroma.any():
        return
    names, strengths = es.ChordsDetection(hopSize=HOP, windowSize=2)(np.ascontiguousarray(frames.chroma))
    if not len(names):
        return
    # The key only turns the histogram, of which the entropy alone is used.
    histogram, number_rate, change_rate, _, _ = es.ChordsDescriptors()(names, "C", "major")
    values.put("chords_number_rate", number_rate)
    values.put("chords_change_rate", change_rate)
    values.put("chords_strength_mean", float(np.mean(strengths)))
    values.put("chords_entropy_bits", entropy_bits(histogram))
    values.put("chords_minor_ratio", float(np.mean([name.endswith("m") for name in names])))
    sheet.series["chords"] = _runs(names, strengths)


def _runs(names: list[str], strengths: list[float]) -> tuple[dict[str, object], ...]:
    frame_seconds = HOP / SAMPLE_RATE
    chords: list[dict[str, object]] = []
    start = 0
    for name, run in itertools.groupby(names):
        end = start + len(list(run))
        strength = float(np.mean(strengths[start:end]))
        chords.append(
            {
                "start_seconds": start * frame_seconds,
                "end_seconds": end * frame_seconds,
                "name": str(name),
                "strength": strength,
            }
        )
        start = end
    return tuple(chords)


def _atonality(crest: float, entropy: float) -> float:
    flat = (entropy - ATONAL_FROM_BITS) / (FLATTEST_BITS - ATONAL_FROM_BITS)
    return 0.5 * min(1.0, max(0.0, 2 - crest)) + 0.5 * min(1.0, max(0.0, flat))


def _frames(sheet: Sheet) -> HarmonicFrames:
    if sheet.harmonic is None:
        raise ValueError("the harmonic frames must be walked through first")
    return sheet.harmonic
