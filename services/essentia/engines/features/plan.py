"""The steps of an analysis, in order, and which of them a request needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.essentia.contract import AnalysisRequest
from services.essentia.engines.features import (
    bars,
    forms,
    harmony,
    key_segments,
    loudness,
    onsets,
    overview,
    pitch,
    rhythm,
    signal,
    spectral,
    stems,
    structure,
    tempo_segments,
    timbral,
    tonal,
)
from services.essentia.engines.features.clip import Clip
from services.essentia.engines.features.sheet import Sheet


class Part(Protocol):
    """Gathers from window to window what the whole needs; made anew for each analysis."""

    def feed(self, window: Sheet) -> None:
        """Adds the next window of the recording."""

    def finish(self, sheet: Sheet) -> None:
        """Fills in the sheet of the whole."""


@dataclass(frozen=True)
class Step:
    """One piece of work: either ``run`` or ``gather``.

    Attributes:
        name: In words, for progress.
        groups: Groups that need it.
        run: Does it for a window and fills in that window's sheet; the windows' groups are then combined.
        min_seconds: Shortest clip on which it means anything.
        field: What is absent below that, for the warning.
        melody: Whether it runs only where the melody was asked for.
        silence: Whether it means anything on silence.
        gather: Makes the part that does it exactly, however long the recording.
    """

    name: str
    groups: tuple[str, ...]
    run: Callable[[Sheet], None] | None = None
    min_seconds: float = 0.0
    field: str = ""
    melody: bool = False
    silence: bool = False
    gather: Callable[[], Part] | None = None


# Groups that rest on the spectral frames.
_FRAMES = ("spectral", "timbre", "structure")

# In the order in which they run: a step finds on the sheet what those before it left there.
STEPS = (
    Step("signal", ("signal",), gather=signal.Signal, silence=True),
    Step("level", ("loudness",), gather=loudness.Level, silence=True),
    Step("loudness", ("loudness",), gather=loudness.Loudness),
    Step("bands", ("loudness",), gather=loudness.Bands),
    Step("onsets", ("rhythm",), onsets.measure, min_seconds=3.0, field="rhythm"),
    Step("beats", ("rhythm",), rhythm.measure_beats, min_seconds=3.0, field="rhythm"),
    Step("tempo, another opinion", ("rhythm",), rhythm.measure_percival, min_seconds=3.0, field="rhythm"),
    Step("tempo, the networks", ("rhythm",), rhythm.measure_heard, min_seconds=3.0, field="rhythm"),
    Step("tempo", ("rhythm",), rhythm.measure_tempo, min_seconds=3.0, field="rhythm"),
    Step("energy at the beats", ("rhythm",), rhythm.measure_beat_loudness, min_seconds=3.0, field="rhythm"),
    Step("danceability", ("rhythm",), rhythm.measure_danceability, min_seconds=10.0, field="rhythm.danceability"),
    Step("harmonic frames", ("tonal", "pitch"), harmony.walk),
    Step("chroma", ("tonal",), tonal.measure_chroma),
    Step("chords", ("tonal",), tonal.measure_chords),
    Step("bars", ("rhythm",), bars.measure, min_seconds=3.0, field="rhythm"),
    Step("tempo of the whole", ("rhythm",), gather=tempo_segments.TempoSegments, min_seconds=3.0, field="rhythm"),
    Step("key", ("tonal",), tonal.measure_key, min_seconds=3.0, field="tonal.key_tonic"),
    Step("keys", ("tonal",), gather=key_segments.KeySegments, min_seconds=3.0, field="tonal.key_tonic"),
    Step("pitch", ("pitch",), pitch.measure_yin),
    Step("melody", ("pitch",), pitch.measure_melody, melody=True),
    Step("notes", ("pitch",), pitch.measure_notes),
    Step("timbre in words", ("timbral",), timbral.measure, min_seconds=1.0, field="timbral"),
    # Last, when what the steps before needed for a while is let go: these put together what all windows gave.
    Step("spectral frames", _FRAMES, gather=spectral.Frames),
    Step("spectrum", ("spectral",), gather=spectral.Spectrum),
    Step("timbre", ("timbre",), gather=spectral.Timbre),
    Step("envelope", ("structure",), gather=structure.Envelope),
    Step("segments", ("structure",), gather=structure.Segments, min_seconds=10.0, field="structure.segment_count"),
    Step("sections", ("structure",), gather=forms.Forms, min_seconds=20.0, field="structure.sections"),
    Step("stem", ("stem",), gather=stems.Stem),
    Step("overview", ("overview",), gather=overview.Overview, silence=True),
)


def choose(request: AnalysisRequest, clip: Clip) -> tuple[list[Step], list[Step]]:
    """Splits what a request needs of a window into (steps to run, steps for which it is too short).

    On a silent window only what means something there is run, and what gathers is fed all the same.
    """
    wanted = [
        step
        for step in STEPS
        if set(step.groups) & set(request.groups)
        and (request.melody or not step.melody)
        and (step.silence or step.gather is not None or not clip.silent)
    ]
    run = [step for step in wanted if clip.seconds >= step.min_seconds]
    return run, [step for step in wanted if clip.seconds < step.min_seconds]
