"""What one analysis has found so far: the clip, the groups, and what one step leaves for a later one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chassis.reports import WarningReport
from services.essentia.contract import ALL_GROUPS, SAMPLE_RATE, AnalysisRequest
from services.essentia.engines.features.chords import Chord
from services.essentia.engines.features.clip import Clip
from services.essentia.engines.features.gauge import Gauge
from services.essentia.engines.features.meters import Bars
from services.essentia.engines.features.networks import Networks
from services.essentia.engines.features.tempo import Alternative
from services.essentia.engines.features.values import Values


@dataclass(frozen=True)
class HarmonicFrames:
    """Harmonic descriptors of frames of 4096 samples every 2048.

    Attributes:
        chroma: float32 (frames, 12), from A upwards, the greatest of each frame 1; zeros where nothing sounds.
        fine_chroma: float32 (120,), mean over every fourth frame.
        sounding: bool (frames,), whether the frame is above -80 dBFS.
        series: By field name, one value per sounding frame (those of partials: per frame with a fundamental).
        pitch_hz: YIN's pitch per sounding frame.
        pitch_confidence: YIN's confidence per sounding frame, 0 to 1.
        tuning: (Hz, cents) or None where no frame had a spectral peak.
    """

    chroma: NDArray[np.float32]
    fine_chroma: NDArray[np.float32]
    sounding: NDArray[np.bool_]
    series: dict[str, NDArray[np.float64]]
    pitch_hz: NDArray[np.float64]
    pitch_confidence: NDArray[np.float64]
    tuning: tuple[float, float] | None


@dataclass(frozen=True)
class SpectralFrames:
    """Spectral descriptors of frames of 2048 samples every 1024.

    Attributes:
        series: By field name, float32, one value per sounding frame.
        contrast: (sounding frames, 6).
        valleys: (sounding frames, 6).
        mfcc: float32 (frames, 13), of all frames.
        gfcc: (sounding frames, 13).
        sounding: bool (frames,), whether the frame is above -80 dBFS.
        rms: float32 (frames,).
    """

    series: dict[str, NDArray[np.float32]]
    contrast: NDArray[np.float32]
    valleys: NDArray[np.float32]
    mfcc: NDArray[np.float32]
    gfcc: NDArray[np.float32]
    sounding: NDArray[np.bool_]
    rms: NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """What a network of keys says of a window, row by row.

    Attributes:
        network: Its name.
        license_spdx: Of its weights.
        rows: float32 (rows, 24), see KeyNetwork.evidence.
        row_seconds: How long a row lasts.
    """

    network: str
    license_spdx: str
    rows: NDArray[np.float32]
    row_seconds: float


@dataclass(frozen=True)
class Piece:
    """Some seconds in one tempo.

    Attributes:
        start: Seconds from the window's start.
        end: Seconds.
        bpm: Tempo; by a straight line through the beats where they lie on one.
        beats: Seconds, ascending.
        estimates: Tempos by who names them.
        agreement: Share of the estimates within 4 % of bpm, 0 to 1.
        octave_agreement: The same, double, half, triple and third allowed.
        others: Other tempos that it may have, likeliest first.
        doubtful: Whether the first of the others is about as likely.
        in_three: How much stronger the strokes at thirds of the beats are than those at halves; 0 where nobody knows.
        swing: See swing.ratio.
        bass: (beats,), how strong the bass is on each beat, 1 for the strongest strokes; empty where nobody knows.
    """

    start: float
    end: float
    bpm: float
    beats: NDArray[np.float64]
    estimates: Mapping[str, float]
    agreement: float
    octave_agreement: float
    others: tuple[Alternative, ...]
    doubtful: bool = False
    in_three: float = 0.0
    swing: float | None = None
    bass: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Track:
    """Numbers at even steps, the first at the start; NaN where there is none."""

    step_seconds: float
    values: NDArray[np.float64]


@dataclass
class Sheet:
    """What is known of one window, or of the whole; made anew for each call.

    A long recording is cut into windows of ``window_seconds`` at most, each with a sheet of its own: its clip, its
    groups, its series, with times from the window's start. A step that fills in groups from whole signals sees nothing
    but that sheet; what the sheets say is then combined (see combine.py). The sheet of the whole has the clip of the
    last window: parts that gather from window to window (see plan.py) fill it in when all were fed.

    Attributes:
        clip: The audio.
        request: What to measure.
        checkpoint: To be called in long work; may raise to end it.
        window_seconds: Longest window.
        gauge: What was measured of the stored samples; complete when the last window is there.
        groups: What was found, by name of the group.
        series: Time series by field name, times in seconds from the window's start.
        warnings: What to know of the answer, not told yet.
        onsets: Seconds, ascending.
        beats: Seconds, ascending, at the tempo that was settled on; before that, at the tracker's.
        beat_intervals: Seconds from each beat to the next.
        harmonic: Left by harmony for tonal and pitch.
        spectral: Left by spectral for its groups and for structure.
        rise: float32 (frames, bands), left by onsets for the tempo.
        tempos: bpm by name of who estimates it.
        followed: Beats (s) by name of the tracker.
        activations: float32 (frames, 3), what the networks hear of beats, 50 a second; None where there are none.
        pieces: Left by the tempo, in order; those without beats left out.
        bars: Left by the bars for the whole; None where there are no beats.
        tempo_before: bpm at the end of the window before; 0 where there is none.
        networks: For melody and notes; None where there are none.
        chords: In order, without gaps.
        pitch_classes: (frames, 12) from C up, left by the chords for the key.
        key_blocks: (blocks, 12), left by the key for the segments of keys.
        single_voice: Whether one voice is all that sounds, left by the key for the segments.
        key_evidence: Left by the network of keys for the segments.
        tuned_cents: How far above A at 440 Hz the grid of the pitch classes lies, left by the chords for the key.
        start_seconds: Where the window begins in the recording.
        frame_count: Samples of the whole so far; 0 on the sheet of a window.
        tracks: Numbers at even steps for the series of windows, by name.
    """

    clip: Clip
    request: AnalysisRequest
    checkpoint: Callable[[], None]
    window_seconds: float
    gauge: Gauge
    groups: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in ALL_GROUPS})
    series: Values = field(default_factory=Values)
    warnings: list[WarningReport] = field(default_factory=list)
    onsets: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    beats: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    beat_intervals: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    harmonic: HarmonicFrames | None = None
    spectral: SpectralFrames | None = None
    rise: NDArray[np.float32] | None = None
    tempos: dict[str, float] = field(default_factory=dict)
    followed: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    activations: NDArray[np.float32] | None = None
    pieces: tuple[Piece, ...] = ()
    bars: Bars | None = None
    tempo_before: float = 0.0
    networks: Networks | None = None
    chords: tuple[Chord, ...] = ()
    pitch_classes: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 12)))
    key_blocks: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 12)))
    single_voice: bool = False
    key_evidence: Evidence | None = None
    tuned_cents: float = 0.0
    start_seconds: float = 0.0
    frame_count: int = 0
    tracks: dict[str, Track] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Length of what the sheet is about."""
        return (self.frame_count or self.clip.mono.size) / SAMPLE_RATE

    @property
    def channel_count(self) -> int:
        """Channels, 1 or 2."""
        return len(self.clip.channels)

    def keep(self, name: str, step_seconds: float, values: NDArray[np.float64]) -> None:
        """Leaves a number for every ``step_seconds``, NaN where there is none, for Series.windows."""
        self.tracks[name] = Track(step_seconds, values)

    def let_go(self) -> None:
        """Lets go of the audio and of what steps left for later ones, megabytes a minute; what was found stays."""
        self.clip = self.clip.emptied()
        self.harmonic = self.spectral = self.rise = self.activations = None

    def warn(self, reason: str, message: str, field: str = "") -> None:
        """Notes something to know about the answer."""
        self.warnings.append(WarningReport(reason, message, field))
