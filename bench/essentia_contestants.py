"""What is measured, each in a process of its own: ours in several sets, MusicExtractor, librosa."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import memory
from bench.essentia_clip import RATE, write

NOT_IN_PEER = {
    "signal", "level", "bands", "tempo, another opinion", "tempo", "pitch", "notes", "envelope",
    "segments", "timbre in words",
}  # fmt: skip
# How often the clip is read.
LENGTHS = {"once": 1, "six times": 6}


def measure(name: str, clip: str, repeats: int) -> dict[str, float]:
    """Runs one contestant here."""
    once = {"musicextractor": _music_extractor, "librosa": _librosa}.get(name, lambda: _ours(name))()
    if name not in LENGTHS:
        with tempfile.TemporaryDirectory() as folder:
            once(str(write(Path(folder) / "short.wav", 10, None)))
    spent, scalars = [], 0
    for _ in range(repeats):
        started = time.process_time()
        scalars = once(clip)
        spent.append(time.process_time() - started)
    return {"cpu": min(spent), "peak": memory.peak_bytes(), "scalars": scalars}


def _ours(name: str) -> Callable[[str], int]:
    from chassis.audio import Source
    from services.essentia.contract import GROUPS, AnalysisRequest, GroupFeatures
    from services.essentia.engines.features import Features, plan, tonal

    groups = tuple(group for group in GROUPS if group != "timbral" or name not in ("same", "scalars"))
    if name == "same":
        plan.STEPS = tuple(step for step in plan.STEPS if step.name not in NOT_IN_PEER)
        tonal._fill_kinds = lambda sheet, frames: None
    engine = Features()

    def once(clip: str) -> int:
        source = Source(Path(clip))
        passes = range(LENGTHS.get(name, 1))
        blocks = (block for _ in passes for block in source.blocks(sample_rate=RATE, channels=2))
        events = engine.analyze_blocks(blocks, AnalysisRequest(groups=groups))
        return sum(_scalars(event.values) for event in events if isinstance(event, GroupFeatures))

    return once


def steps(clip: str, repeats: int) -> dict[str, float]:
    from chassis.audio import Source
    from chassis.reports import ProgressReport
    from services.essentia.contract import AnalysisRequest
    from services.essentia.engines.features import Features

    engine, least = Features(), dict[str, float]()
    # Once more, to warm up.
    for turn in range(repeats + 1):
        spent, step, since = dict[str, float](), "reading", time.process_time()
        blocks = Source(Path(clip)).blocks(sample_rate=RATE, channels=2)
        for event in engine.analyze_blocks(blocks, AnalysisRequest()):
            if isinstance(event, ProgressReport):
                now = time.process_time()
                spent[step] = spent.get(step, 0) + now - since
                step, since = event.step or "the rest", now
        if turn:
            least = {name: min(seconds, least.get(name, seconds)) for name, seconds in spent.items()}
    return least


def _scalars(value: object) -> int:
    if isinstance(value, dict):
        return sum(_scalars(each) for each in value.values())
    if isinstance(value, tuple):
        return sum(_scalars(each) for each in value)
    return int(isinstance(value, int | float))


def _music_extractor() -> Callable[[str], int]:
    from services.essentia.essentia_library import es

    def once(clip: str) -> int:
        pool, _ = es.MusicExtractor()(clip)
        return sum(isinstance(pool[name], float) for name in pool.descriptorNames())

    return once


def _librosa() -> Callable[[str], int]:
    import librosa

    def once(clip: str) -> int:
        mono, rate = librosa.load(clip, sr=RATE, mono=True)
        magnitudes = np.abs(librosa.stft(mono, n_fft=2048, hop_length=1024))
        feature = librosa.feature
        rows = [
            feature.spectral_centroid(S=magnitudes, sr=rate), feature.spectral_bandwidth(S=magnitudes, sr=rate),
            feature.spectral_rolloff(S=magnitudes, sr=rate), feature.spectral_flatness(S=magnitudes),
            feature.spectral_contrast(S=magnitudes, sr=rate), feature.zero_crossing_rate(mono),
            feature.rms(S=magnitudes),
            feature.mfcc(y=mono, sr=rate, n_mfcc=13), feature.chroma_stft(S=magnitudes**2, sr=rate),
            feature.chroma_cqt(y=mono, sr=rate), feature.tonnetz(y=mono, sr=rate),
        ]  # fmt: skip
        librosa.beat.beat_track(y=mono, sr=rate)
        librosa.onset.onset_detect(y=mono, sr=rate)
        librosa.estimate_tuning(y=mono, sr=rate)
        return 2 * sum(len(row) for row in rows) + 3

    return once
