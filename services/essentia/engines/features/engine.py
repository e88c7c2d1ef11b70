"""The engine itself: it checks what it is given, cuts it into windows, and keeps the networks from call to call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

from chassis.audio import Audio
from chassis.reports import ProgressReport
from services.essentia.contract import (
    SAMPLE_RATE,
    SERIES,
    AnalysisRequest,
    GroupFeatures,
    Measured,
    StoredFormat,
    reading,
)
from services.essentia.engines.features import windows
from services.essentia.engines.features.analysis import Analysis
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.gauge import Gauge
from services.essentia.engines.features.networks import Networks

if TYPE_CHECKING:
    from chassis.models import Store
    from chassis.reports import ModelReport
    from services.essentia.settings import EssentiaSettings


class Features:
    """Measures music; see :class:`services.essentia.contract.FeatureExtractor`.

    Every algorithm is made anew for every call: some, such as OnsetRate, answer wrongly when they are used again.

    Args:
        window_seconds: Longest piece of audio that is held at once. What follows time, such as the beat, is followed
            through one window and then combined; RhythmExtractor2013 fails on audio of hours (MTG/essentia #1528).
        models: Where the networks are installed; without it there are none.
        threads: Threads of those networks.

    Attributes:
        networks: The networks, loaded on first use.
    """

    device = "cpu"
    precision = "float32"

    def __init__(self, window_seconds: float = 600.0, models: Store | None = None, threads: int = 1) -> None:
        self._window_seconds = window_seconds
        self.networks = Networks(models, threads)
        names = ("essentia-tensorflow", "numpy")
        self.library_versions: Mapping[str, str] = {name: version(name) for name in names}
        self.parameters: Mapping[str, str] = reading(window_seconds)

    @classmethod
    def load(cls, models: Store, settings: EssentiaSettings) -> Self:
        """Makes the engine; its networks are loaded by the first call that needs them."""
        return cls(settings.window_seconds, models, settings.thread_count)

    @property
    def networks_used(self) -> tuple[ModelReport, ...]:
        """The networks that the last analysis rests on."""
        return self.networks.used

    def analyze(
        self, audio: Audio, request: AnalysisRequest, checkpoint: Callable[[], None] = lambda: None
    ) -> Iterator[Measured]:
        """Measures a recording that is there as a whole; see FeatureExtractor.analyze."""
        if audio.sample_rate != SAMPLE_RATE or audio.samples.ndim != 2 or audio.samples.shape[0] not in (1, 2):
            raise ValueError(
                f"{audio.samples.shape} at {audio.sample_rate} Hz: give (1 or 2, samples) at {SAMPLE_RATE} Hz"
            )
        seconds = audio.samples.shape[1] / SAMPLE_RATE
        yield from self.analyze_blocks(iter([audio.samples]), request, checkpoint, seconds)

    def analyze_blocks(
        self,
        blocks: Iterable[Samples],
        request: AnalysisRequest,
        checkpoint: Callable[[], None] = lambda: None,
        seconds_hint: float | None = None,
        form: StoredFormat | None = None,
    ) -> Iterator[Measured]:
        """Measures a recording that comes block by block; see FeatureExtractor.analyze_blocks."""
        self.networks.begin(request)
        gauge = Gauge(form or StoredFormat(), request)
        analysis = Analysis(request, checkpoint, self._window_seconds, seconds_hint, self.networks, gauge)
        for piece in windows.cut(gauge.through(blocks), self._window_seconds):
            checkpoint()
            if isinstance(piece, int):
                yield ProgressReport(analysis.share(0), piece / SAMPLE_RATE, "reading")
                continue
            samples, last = piece
            yield from analysis.add(samples, last)
            # Each name would keep the window's audio while the next one is read: twice the memory.
            del piece, samples
        yield from gauge.warnings
        yield ProgressReport(fraction=1.0, audio_seconds=analysis.seconds)
        if request.include_series:
            yield GroupFeatures(SERIES, analysis.series())
