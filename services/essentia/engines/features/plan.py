"""The steps of an analysis, in order, and which of them a request needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.essentia.engine import AnalysisRequest
from services.essentia.engines.features import (
    harmony,
    loudness,
    onsets,
    pitch,
    rhythm,
    signal,
    spectral,
    structure,
    tonal,
)
from services.essentia.engines.features.clip import Clip
from services.essentia.engines.features.sheet import Sheet


@dataclass(frozen=True)
class Step:
    """One piece of work.

    Attributes:
        name: In words, for progress.
        groups: Groups that need it.
        run: Does it.
        min_seconds: Shortest clip on which it means anything.
        field: What is absent below that, for the warning.
        melody: Whether it runs only where the melody was asked for.
        silence: Whether it means anything on silence.
    """

    name: str
    groups: tuple[str, ...]
    run: Callable[[Sheet], None]
    min_seconds: float = 0.0
    field: str = ""
    melody: bool = False
    silence: bool = False


_FRAMES = ("spectral", "timbre", "structure")

STEPS = (
    Step("signal", ("signal",), signal.measure, silence=True),
    Step("level", ("loudness",), loudness.measure_level, silence=True),
    Step("loudness", ("loudness",), loudness.measure_loudness),
    Step("true peak", ("loudness",), loudness.measure_true_peak),
    Step("bands", ("loudness",), loudness.measure_bands),
    Step("onsets", ("rhythm",), onsets.measure, min_seconds=3.0, field="rhythm"),
    Step("beats", ("rhythm",), rhythm.measure_beats, min_seconds=3.0, field="rhythm"),
    Step("tempo, second opinion", ("rhythm",), rhythm.measure_degara, min_seconds=3.0, field="rhythm"),
    Step("tempo, third opinion", ("rhythm",), rhythm.measure_percival, min_seconds=3.0, field="rhythm"),
    Step("energy at the beats", ("rhythm",), rhythm.measure_beat_loudness, min_seconds=3.0, field="rhythm"),
    Step("danceability", ("rhythm",), rhythm.measure_danceability, min_seconds=10.0, field="rhythm.danceability"),
    Step("harmonic frames", ("tonal", "pitch"), harmony.walk),
    Step("chroma", ("tonal",), tonal.measure_chroma),
    Step("key", ("tonal",), tonal.measure_key, min_seconds=3.0, field="tonal.key_tonic"),
    Step("chords", ("tonal",), tonal.measure_chords),
    Step("pitch", ("pitch",), pitch.measure_yin),
    Step("melody", ("pitch",), pitch.measure_melody, melody=True),
    Step("spectral frames", _FRAMES, spectral.walk),
    Step("spectrum", ("spectral",), spectral.measure_spectrum),
    Step("timbre", ("timbre",), spectral.measure_timbre),
    Step("envelope", ("structure",), structure.measure_envelope),
    Step("segments", ("structure",), structure.measure_segments, min_seconds=10.0, field="structure.segment_count"),
)


def choose(request: AnalysisRequest, clip: Clip) -> tuple[list[Step], list[Step]]:
    """Splits what a request needs into (steps to run, steps for which the clip is too short)."""
    wanted = [
        step
        for step in STEPS
        if set(step.groups) & set(request.groups)
        and (request.melody or not step.melody)
        and (step.silence or not clip.silent)
    ]
    run = [step for step in wanted if clip.seconds >= step.min_seconds]
    return run, [step for step in wanted if clip.seconds < step.min_seconds]
