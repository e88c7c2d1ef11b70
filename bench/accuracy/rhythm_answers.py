"""What is compared: the service's answer, every estimator on its own, the networks on their own, and librosa."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.estimators import librosa_installed
from chassis.audio import Audio
from chassis.reports import WarningReport
from services.essentia.contract import SAMPLE_RATE, SERIES, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features, bar_path, beat_path, beats
from services.essentia.engines.features.grid import steady_bpm
from services.essentia.networks.beats import BEAT, DOWNBEAT, FRAMES_PER_SECOND

OURS = "ours"
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """Tempo, beats and downbeats (s); None for what a source does not tell."""

    bpm: float | None
    beats: Times | None = None
    downbeats: Times | None = None


def ask(features: Features, mono: NDArray[np.float32]) -> Mapping[str, Answer]:
    """Asks everybody about samples (samples,) at 44.1 kHz."""
    request = AnalysisRequest(("rhythm", "tonal"), include_series=True)
    events = list(features.analyze(Audio(mono[None], SAMPLE_RATE), request))
    values = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    rhythm, series = values["rhythm"], values[SERIES]
    answers = {OURS: Answer(_number(rhythm, "bpm"), _times(series, "beat_seconds"), _times(series, "downbeat_seconds"))}
    followed = beats.follow(mono)
    answers["multifeature"] = Answer(followed.bpm, followed.seconds)
    answers["degara"] = Answer(followed.degara_bpm, followed.degara_seconds)
    for name in ("percival", "autocorrelation"):
        answers[name] = Answer(_number(rhythm, f"bpm_{name}"))
    networks = _networks_alone(features, mono)
    if networks is not None:
        answers["beatnet alone"] = networks
    if librosa_installed():
        answers["librosa"] = _librosa(mono)
    return answers


def _networks_alone(features: Features, mono: NDArray[np.float32]) -> Answer | None:
    """BeatNet's networks with the decoders of beats and bars, and nothing of what decides beside them."""
    network = features.networks.beats("")
    if isinstance(network, WarningReport):
        return None
    heard = network.hear([mono], SAMPLE_RATE).astype(np.float64)
    frames = beat_path.find(heard[:, BEAT] + heard[:, DOWNBEAT], FRAMES_PER_SECOND, 30, 300).frames
    if len(frames) < 2:
        return Answer(None, np.empty(0), np.empty(0))
    seconds = frames / FRAMES_PER_SECOND
    likely = heard[frames, DOWNBEAT] / np.maximum(heard[frames, BEAT] + heard[frames, DOWNBEAT], 0.02)
    bpm = steady_bpm(seconds) or 60 * (len(seconds) - 1) / float(seconds[-1] - seconds[0])
    return Answer(bpm, seconds, seconds[bar_path.find(likely)[0] == 0])


def _librosa(mono: NDArray[np.float32]) -> Answer:
    import librosa

    audio = librosa.resample(mono, orig_sr=SAMPLE_RATE, target_sr=22050)
    bpm, frames = librosa.beat.beat_track(y=audio, sr=22050)
    return Answer(float(np.ravel(bpm)[0]), np.asarray(librosa.frames_to_time(frames, sr=22050), np.float64))


def _number(values: Mapping[str, object], name: str) -> float | None:
    value = values.get(name)
    return value if isinstance(value, float) else None


def _times(values: Mapping[str, object], name: str) -> Times:
    return np.asarray(values.get(name, ()), np.float64)
