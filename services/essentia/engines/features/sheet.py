"""What one analysis has found so far: the clip, the groups, and what one step leaves for a later one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chassis.facts import WarningFacts
from services.essentia.engine import GROUPS, AnalysisRequest
from services.essentia.engines.features.clip import Clip
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
        series: By field name, one value per sounding frame.
        contrast: (sounding frames, 6).
        valleys: (sounding frames, 6).
        mfcc: float32 (frames, 13), of all frames.
        gfcc: (sounding frames, 13).
        sounding: bool (frames,), whether the frame is above -80 dBFS.
        rms: float32 (frames,).
    """

    series: dict[str, NDArray[np.float64]]
    contrast: NDArray[np.float64]
    valleys: NDArray[np.float64]
    mfcc: NDArray[np.float32]
    gfcc: NDArray[np.float64]
    sounding: NDArray[np.bool_]
    rms: NDArray[np.float32]


@dataclass
class Sheet:
    """State of one analysis; made anew for each call."""

    clip: Clip
    request: AnalysisRequest
    checkpoint: Callable[[], None]
    window_seconds: float
    groups: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in GROUPS})
    series: Values = field(default_factory=Values)
    warnings: list[WarningFacts] = field(default_factory=list)
    onsets: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    beats: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    beat_intervals: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    harmonic: HarmonicFrames | None = None
    spectral: SpectralFrames | None = None

    def warn(self, reason: str, message: str, field: str = "") -> None:
        """Notes something to know about the answer."""
        self.warnings.append(WarningFacts(reason, message, field))
