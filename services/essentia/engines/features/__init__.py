"""Measures music with hand-picked signal processing, step by step; no model, no file, nothing kept between calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

from chassis.audio import Audio
from chassis.reports import ProgressFacts, WarningFacts
from services.essentia.contract import ALL_GROUPS, SAMPLE_RATE, SERIES, AnalysisRequest, GroupFeatures, Measured
from services.essentia.engines.features import combine, plan, timeline, windows
from services.essentia.engines.features.clip import Samples, check
from services.essentia.engines.features.networks import Networks
from services.essentia.engines.features.sheet import Sheet

if TYPE_CHECKING:
    from chassis.models import Store


@dataclass
class _Past:
    """What is kept of a window when its audio is let go."""

    start: float
    seconds: float
    sheet: Sheet
    warnings: list[WarningFacts] = field(default_factory=list)


class Features:
    """The features engine.

    Every algorithm is made anew for every call: some, such as OnsetRate, answer wrongly when they are used again.

    Args:
        window_seconds: Longest piece of audio that is held at once. What follows time, such as the beat, is followed
            through one window and then combined; RhythmExtractor2013 fails on audio of hours (MTG/essentia #1528).
        models: Where the networks for melody and notes are installed; without it there are none.
        threads: Threads of those networks.
    """

    def __init__(self, window_seconds: float = 600.0, models: Store | None = None, threads: int = 1) -> None:
        self._window_seconds = window_seconds
        self._networks = Networks(models, threads)
        names = ("essentia-tensorflow", "numpy")
        self.library_versions: Mapping[str, str] = {name: version(name) for name in names}

    def analyze(
        self, audio: Audio, request: AnalysisRequest, checkpoint: Callable[[], None] = lambda: None
    ) -> Iterator[Measured]:
        """See FeatureExtractor.analyze."""
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
    ) -> Iterator[Measured]:
        """See FeatureExtractor.analyze_blocks."""
        self._networks.prepare(request)
        analysis = _Analysis(request, checkpoint, self._window_seconds, seconds_hint, self._networks)
        for piece in windows.cut(blocks, self._window_seconds):
            checkpoint()
            if isinstance(piece, int):
                yield ProgressFacts(analysis.share(0), piece / SAMPLE_RATE, "reading")
                continue
            samples, last = piece
            yield from analysis.add(samples, last)
            # Let go before the next window is read.
            del piece, samples
        yield ProgressFacts(fraction=1.0, audio_seconds=analysis.seconds)
        if request.include_series:
            yield GroupFeatures(SERIES, analysis.series())


class _Analysis:
    """One analysis on its way through the windows."""

    def __init__(
        self,
        request: AnalysisRequest,
        checkpoint: Callable[[], None],
        window_seconds: float,
        hint: float | None,
        networks: Networks,
    ) -> None:
        self._networks = networks
        self._request, self._checkpoint, self._window_seconds = request, checkpoint, window_seconds
        self._expected = None if hint is None else max(1, math.ceil(hint / window_seconds))
        self._parts: dict[str, plan.Part] = {}
        self._past: list[_Past] = []
        self._whole: Sheet | None = None
        self._frames = 0
        self._heard = False

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self._frames / SAMPLE_RATE

    def share(self, done: float, last: bool = False) -> float | None:
        """Share of the work when ``done`` (0 to 1) of the present window is; None where the length is not known."""
        past = len(self._past)
        expected = past + 1 if last else self._expected
        return None if expected is None else min(1.0, (past + done) / max(expected, past + 1))

    def add(self, samples: Samples, last: bool) -> Iterator[Measured]:
        """Measures a window; after the last one, tells the groups one by one."""
        clip = check(Audio(samples, SAMPLE_RATE))
        past = _Past(self.seconds, clip.seconds, Sheet(clip, self._request, self._checkpoint, self._window_seconds))
        past.sheet.start_seconds = past.start
        past.sheet.networks = self._networks
        past.warnings += clip.warnings
        self._frames += clip.mono.size
        self._heard |= not clip.silent
        # The sheet of the whole needs no audio, and must not hold a window's while the next one is read.
        whole = Sheet(clip.emptied(), self._request, self._checkpoint, self._window_seconds, frame_count=self._frames)
        if not self._past and last:
            yield from past.warnings
            past.warnings.clear()
        self._whole = whole
        steps, too_short = plan.choose(self._request, clip)
        if self._heard:
            yield from _too_short(clip.seconds, too_short)
        groups = [group for group in ALL_GROUPS if group in self._request.groups] if last else []
        yield from self._finished(groups, steps, past)
        for done, step in enumerate(steps):
            yield ProgressFacts(fraction=self.share(done / len(steps), last), step=step.name)
            self._checkpoint()
            self._do(step, past, last)
            if not self._past and last:
                yield from past.warnings
                past.warnings.clear()
            yield from whole.warnings
            whole.warnings.clear()
            yield from self._finished(groups, steps[done + 1 :], past)
        self._keep(past)
        if last and len(self._past) > 1:
            yield from self._warnings()

    def series(self) -> Mapping[str, object]:
        """The time series of the whole."""
        assert self._whole is not None
        joined = combine.series([(past.start, past.sheet.series) for past in self._past])
        joined.update(self._whole.series)
        steps = timeline.steps(self._whole, joined)
        if steps:
            joined["windows"] = steps
        return dict(joined)

    def _do(self, step: plan.Step, past: _Past, last: bool) -> None:
        assert self._whole is not None
        if step.run is not None:
            step.run(past.sheet)
            past.warnings += past.sheet.warnings
            past.sheet.warnings.clear()
        if step.gather is not None:
            part = self._parts.get(step.name)
            if part is None:
                part = self._parts[step.name] = step.gather()
            part.feed(past.sheet)
            if last and (self._heard or step.silence):
                part.finish(self._whole)

    def _finished(self, groups: list[str], ahead: list[plan.Step], past: _Past) -> Iterator[GroupFeatures]:
        assert self._whole is not None
        busy = {group for step in ahead for group in step.groups}
        for group in [group for group in groups if group not in busy]:
            groups.remove(group)
            combined = combine.groups([(each.seconds, each.sheet.groups[group]) for each in (*self._past, past)])
            yield GroupFeatures(group, {**combined, **self._whole.groups[group]})

    def _keep(self, past: _Past) -> None:
        past.warnings += past.sheet.warnings
        # Of the window's sheet only what was found is kept, not the audio it was found in.
        past.sheet.clip = past.sheet.clip.emptied()
        past.sheet.harmonic = past.sheet.spectral = past.sheet.rise = None
        self._past.append(past)

    def _warnings(self) -> Iterator[WarningFacts]:
        yield from combine.warnings([past.warnings for past in self._past])
        if "rhythm" in self._request.groups:
            found = sum("bpm" in past.sheet.groups["rhythm"] for past in self._past)
            message = (
                f"the recording was followed in {len(self._past)} windows, {found} of them with beats; "
                "bpm is their lower median"
            )
            yield WarningFacts("RHYTHM_WINDOWED", message, "rhythm.bpm")


def _too_short(seconds: float, steps: list[plan.Step]) -> Iterator[WarningFacts]:
    absent = {step.field: step.min_seconds for step in steps}
    for name, needed in absent.items():
        if name.partition(".")[0] not in absent or "." not in name:
            message = f"{seconds:.2f} s is too short for {name}, which needs {needed:.0f} s"
            yield WarningFacts("AUDIO_SHORT", message, name)
