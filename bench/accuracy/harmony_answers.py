"""Who is asked about keys, chords and sections: ours, ours without networks, and every single source."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.estimators import librosa_installed
from chassis.audio import Audio
from chassis.models import Store
from chassis.reports import WarningReport
from services.essentia.contract import KEY_PROFILES, SERIES, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features
from services.essentia.engines.features.chords import NAMES
from services.essentia.engines.features.key_profiles import PROFILES
from services.essentia.engines.features.networks import Networks
from services.essentia.engines.features.pitch_classes import TONICS
from services.essentia.essentia_library import es

OURS, WITHOUT = "ours", "ours without networks"
MANIFEST = Path(__file__).parents[2] / "services" / "essentia" / "models.toml"
SAMPLE_RATE = 44100
Span = tuple[float, float, str]


@dataclass(frozen=True)
class Answer:
    """What one source says; None for what it does not speak of. Chords are written as Harte et al. do."""

    key: tuple[str, str] | None = None
    mode: str | None = None
    keys: tuple[Span, ...] | None = None
    chords: tuple[Span, ...] | None = None
    sections: tuple[Span, ...] | None = None


class Panel:
    """Asks everybody; ``notes`` says who is not there."""

    def __init__(self) -> None:
        store = Store(None, MANIFEST)
        self._ours = {OURS: Features(models=store), WITHOUT: Features()}
        networks = Networks(store)
        self._keys, self._chords = networks.keys("key"), networks.chords("chords")
        missing = [each.message for each in (self._keys, self._chords) if isinstance(each, WarningReport)]
        self.notes = missing + ([] if librosa_installed() else ["librosa is not installed: its rows are left out"])

    def ask(self, mono: NDArray[np.float32]) -> Mapping[str, Answer]:
        """Gives what each says of samples (samples,) at 44.1 kHz."""
        answers = {name: _ours(features, mono) for name, features in self._ours.items()}
        for profile in KEY_PROFILES:
            tonic, scale, _ = es.KeyExtractor(profileType=profile)(mono)
            answers[f"KeyExtractor {profile}"] = Answer(key=(tonic, scale))
        answers["ChordsDetection"] = Answer(chords=_detected(mono))
        answers["SBic"] = Answer(sections=_segmented(mono))
        if not isinstance(self._keys, WarningReport):
            opinion = self._keys.hear([mono], SAMPLE_RATE)
            if opinion is not None:
                scale = ("major", "minor")[opinion.best // 12]
                answers["madmom-key"] = Answer(key=(TONICS[opinion.best % 12], scale))
        if not isinstance(self._chords, WarningReport):
            heard = self._chords.hear([mono], SAMPLE_RATE)
            spans = ((each.start_seconds, each.end_seconds, harte(NAMES[each.triad])) for each in heard)
            answers["madmom-chords"] = Answer(chords=tuple(spans))
        if librosa_installed():
            answers["librosa cqt + krumhansl"] = Answer(key=_librosa(mono))
        return answers


def harte(name: str) -> str:
    """Writes a triad of chords.NAMES as Harte et al. do."""
    return name if name == "N" else f"{name.removesuffix('m')}:{'min' if name.endswith('m') else 'maj'}"


def _ours(features: Features, mono: NDArray[np.float32]) -> Answer:
    request = AnalysisRequest(("rhythm", "tonal", "structure"), include_series=True)
    events = features.analyze(Audio(mono[None], SAMPLE_RATE), request)
    values: dict[str, Mapping[str, Any]] = {
        event.group: event.values for event in events if isinstance(event, GroupFeatures)
    }
    tonal = values["tonal"]

    def spans(found: Any, *names: str) -> tuple[Span, ...]:
        return tuple(
            (each["start_seconds"], each["end_seconds"], " ".join(each[name] for name in names)) for each in found
        )

    return Answer(
        key=(tonal["key_tonic"], tonal["key_scale"]) if "key_tonic" in tonal else ("", ""),
        mode=tonal.get("key_mode", ""),
        keys=spans(tonal.get("key_segments", ()), "tonic", "scale"),
        chords=spans(values[SERIES].get("chords", ()), "harte"),
        sections=spans(values["structure"].get("sections", ()), "label"),
    )


def _detected(mono: NDArray[np.float32]) -> tuple[Span, ...]:
    """Essentia's own chords of two seconds, from its HPCP."""
    frame, hop = 4096, 2048
    window, spectrum, peaks = es.Windowing(type="blackmanharris62"), es.Spectrum(), es.SpectralPeaks(maxPeaks=60)
    fold = es.HPCP(size=36, harmonics=8)
    frames = es.FrameGenerator(mono, frameSize=frame, hopSize=hop, startFromZero=True)
    profiles = [fold(*peaks(spectrum(window(each)))) for each in frames]
    names, _ = es.ChordsDetection(hopSize=hop, windowSize=2)(np.array(profiles, np.float32))
    step = hop / SAMPLE_RATE
    return tuple((index * step, (index + 1) * step, harte(name)) for index, name in enumerate(names))


def _segmented(mono: NDArray[np.float32]) -> tuple[Span, ...]:
    """Essentia's segments by the Bayesian information criterion, each with a letter of its own."""
    window, spectrum, cepstrum = es.Windowing(type="blackmanharris62"), es.Spectrum(), es.MFCC(inputSize=1025)
    frames = es.FrameGenerator(mono, frameSize=2048, hopSize=1024, startFromZero=True)
    cepstra = np.array([cepstrum(spectrum(window(each)))[1] for each in frames], np.float32)
    borders = es.SBic(cpw=1.5, inc1=60, inc2=20, minLength=10, size1=300, size2=200)(np.ascontiguousarray(cepstra.T))
    times = [float(border) * 1024 / SAMPLE_RATE for border in borders]
    return tuple((start, end, f"{index}") for index, (start, end) in enumerate(itertools.pairwise(times)))


def _librosa(mono: NDArray[np.float32]) -> tuple[str, str]:
    import librosa  # type: ignore[import-not-found]

    audio = librosa.resample(mono, orig_sr=SAMPLE_RATE, target_sr=22050)
    classes = librosa.feature.chroma_cqt(y=audio, sr=22050).mean(1)
    fits = {
        (TONICS[tonic], scale): float(np.corrcoef(np.roll(weights, tonic), classes)[0, 1])
        for scale, weights in zip(("major", "minor"), PROFILES["krumhansl"], strict=True)
        for tonic in range(12)
    }
    return max(fits, key=lambda each: fits[each])
