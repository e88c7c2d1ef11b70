"""What is compared: the service's answer, each estimator and key profile on its own, and librosa where there is one."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chassis.audio import Audio
from services.essentia.contract import KEY_PROFILES, SERIES, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features, key, key_profiles, pitch_classes
from services.essentia.engines.features.tonal import KEY_EVERY
from services.essentia.essentia_library import es

SAMPLE_RATE = 44100
OURS = "ours"
Key = tuple[str, str]


@dataclass
class Answers:
    """Tempo and key by name of who says so, our downbeats, and the CPU seconds that it took."""

    tempos: dict[str, float | None]
    keys: dict[str, Key | None]
    cpu_seconds: dict[str, float]
    downbeats: tuple[float, ...] = ()


def librosa_installed() -> bool:
    """Whether librosa can be imported here; the service does not need it."""
    return importlib.util.find_spec("librosa") is not None


def ask(features: Features, mono: NDArray[np.float32]) -> Answers:
    """Asks everybody about samples (samples,) at 44.1 kHz."""
    answers = Answers({}, {}, {})
    start = time.process_time()
    request = AnalysisRequest(("rhythm", "tonal"), include_series=True)
    events = list(features.analyze(Audio(mono[None], SAMPLE_RATE), request))
    answers.cpu_seconds["ours (groups rhythm and tonal)"] = time.process_time() - start
    values = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    rhythm, tonal = values["rhythm"], values["tonal"]
    downbeats = values[SERIES].get("downbeat_seconds", ())
    answers.downbeats = downbeats if isinstance(downbeats, tuple) else ()
    bpm = rhythm.get("bpm")
    answers.tempos[OURS] = bpm if isinstance(bpm, float) else None
    estimates = rhythm.get("tempo_estimates", ())
    said = {each["estimator"]: each["bpm"] for each in estimates} if isinstance(estimates, tuple) else {}
    for name in ("multifeature", "degara", "percival", "autocorrelation"):
        answers.tempos[name] = said.get(name)
    answers.keys[OURS] = (str(tonal["key_tonic"]), str(tonal["key_scale"])) if "key_tonic" in tonal else None
    for profile in KEY_PROFILES:
        start = time.process_time()
        tonic, scale, _ = es.KeyExtractor(profileType=profile)(mono)
        answers.cpu_seconds[f"KeyExtractor {profile}"] = time.process_time() - start
        answers.keys[profile] = (tonic, scale)
    alone = key.vote(pitch_classes.walk(mono)[::KEY_EVERY].mean(0), key_profiles.USUAL)
    answers.keys["our profiles without the chords"] = (alone.tonic, alone.scale)
    if librosa_installed():
        _ask_librosa(answers, mono)
    return answers


def _ask_librosa(answers: Answers, mono: NDArray[np.float32]) -> None:
    import librosa  # type: ignore[import-not-found]

    start = time.process_time()
    audio = librosa.resample(mono, orig_sr=SAMPLE_RATE, target_sr=22050)
    answers.tempos["librosa beat_track"] = float(np.ravel(librosa.beat.beat_track(y=audio, sr=22050)[0])[0])
    answers.tempos["librosa tempo"] = float(np.ravel(librosa.feature.tempo(y=audio, sr=22050))[0])
    answers.cpu_seconds["librosa, both tempos"] = time.process_time() - start
    for name, chroma in (("cqt", librosa.feature.chroma_cqt), ("stft", librosa.feature.chroma_stft)):
        start = time.process_time()
        answers.keys[f"librosa {name} + krumhansl"] = _krumhansl(chroma(y=audio, sr=22050).mean(1))
        answers.cpu_seconds[f"librosa {name}"] = time.process_time() - start


def _krumhansl(classes: NDArray[np.float64]) -> Key:
    fits = {
        (key.TONICS[tonic], scale): float(np.corrcoef(np.roll(weights, tonic), classes)[0, 1])
        for scale, weights in zip(key.SCALES, key_profiles.PROFILES["krumhansl"], strict=True)
        for tonic in range(12)
    }
    return max(fits, key=lambda each: fits[each])
