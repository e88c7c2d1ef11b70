"""Takes one analysis through the windows of a recording and tells each group as soon as it is known.

There are two kinds of step (see plan.py), and so two kinds of sheet. A step that *runs* fills in the sheet of its
window, and what the windows' sheets say is combined at the end. A step that *gathers* is fed every window and fills in
the sheet of the whole after the last. A window goes through four states:

1. opened: its audio is checked and gets a sheet, and the whole gets a sheet that reaches to this window's end;
2. worked through: the plan's steps in order; in the last window, a group is told once no step ahead concerns it;
3. closed: its sheet lets go of the audio, and is kept for what it says;
4. after the last: where there were several windows, their warnings are told, each once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from chassis.audio import Audio
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import ALL_GROUPS, SAMPLE_RATE, AnalysisRequest, GroupFeatures, Measured
from services.essentia.engines.features import combine, plan, timeline
from services.essentia.engines.features.clip import Clip, Samples, check
from services.essentia.engines.features.gauge import Gauge
from services.essentia.engines.features.networks import Networks
from services.essentia.engines.features.sheet import Sheet


@dataclass
class _Window:
    """One window: where it begins, how long it is (seconds), what was found in it, and what to know of that."""

    start: float
    seconds: float
    sheet: Sheet
    warnings: list[WarningReport] = field(default_factory=list)

    def take_warnings(self) -> None:
        """Moves the warnings from the sheet, which a later step may fill again, to the window."""
        self.warnings += self.sheet.warnings
        self.sheet.warnings.clear()


class Analysis:
    """One analysis on its way through the windows.

    Args:
        request: What to measure.
        checkpoint: Called between steps; may raise to end the work.
        window_seconds: Longest window.
        seconds_hint: Length of the recording as far as it is known, for progress.
        networks: For melody and notes.
        gauge: What the windows come through.
    """

    def __init__(
        self,
        request: AnalysisRequest,
        checkpoint: Callable[[], None],
        window_seconds: float,
        seconds_hint: float | None,
        networks: Networks,
        gauge: Gauge,
    ) -> None:
        self._networks, self._gauge = networks, gauge
        self._request, self._checkpoint, self._window_seconds = request, checkpoint, window_seconds
        self._expected = None if seconds_hint is None else max(1, math.ceil(seconds_hint / window_seconds))
        self._gathering: dict[str, plan.Part] = {}
        self._closed: list[_Window] = []
        self._whole: Sheet | None = None
        self._frames = 0
        self._heard = False

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self._frames / SAMPLE_RATE

    def share(self, done: float, last: bool = False) -> float | None:
        """Tells how much of the work is done, 0 to 1; None where the recording's length is not known.

        Args:
            done: Share of the present window's work that is done, 0 to 1.
            last: Whether the present window is known to be the last.
        """
        closed = len(self._closed)
        expected = closed + 1 if last else self._expected
        return None if expected is None else min(1.0, (closed + done) / max(expected, closed + 1))

    def add(self, samples: Samples, last: bool) -> Iterator[Measured]:
        """Measures a window (channels, samples); in the last one, tells the groups one by one.

        Raises:
            AntiphonError: what clip.check raises.
        """
        clip = check(Audio(samples, SAMPLE_RATE))
        window, whole = self._open(clip)
        # The warnings of a recording of one window are told as they are found; those of several, once for all.
        only = last and not self._closed
        if only:
            yield from _taken(window.warnings)
        steps, too_short = plan.choose(self._request, clip)
        if self._heard:
            yield from _absences(clip.seconds, too_short)
        untold = [group for group in ALL_GROUPS if group in self._request.groups] if last else []
        yield from self._told(untold, steps, window)
        for done, step in enumerate(steps):
            yield ProgressReport(fraction=self.share(done / len(steps), last), step=step.name)
            self._checkpoint()
            self._do(step, window, whole, last)
            if only:
                yield from _taken(window.warnings)
            yield from _taken(whole.warnings)
            yield from self._told(untold, steps[done + 1 :], window)
        self._close(window)
        if last and len(self._closed) > 1:
            yield from self._joint_warnings()

    def series(self) -> Mapping[str, object]:
        """Gives the time series of the whole, by field name; for after the last window."""
        assert self._whole is not None
        joined = combine.series([(window.start, window.sheet.series) for window in self._closed])
        joined.update(self._whole.series)
        steps = timeline.steps(self._whole, joined)
        if steps:
            joined["windows"] = steps
        return dict(joined)

    def _open(self, clip: Clip) -> tuple[_Window, Sheet]:
        sheet = Sheet(clip, self._request, self._checkpoint, self._window_seconds, self._gauge)
        sheet.start_seconds = self.seconds
        sheet.networks = self._networks
        sheet.tempo_before = self._tempo_before()
        window = _Window(self.seconds, clip.seconds, sheet, [*clip.warnings])
        self._frames += clip.mono.size
        self._heard |= not clip.silent
        # The sheet of the whole needs no audio, and must not hold a window's while the next one is read.
        self._whole = Sheet(
            clip.emptied(),
            self._request,
            self._checkpoint,
            self._window_seconds,
            self._gauge,
            frame_count=self._frames,
        )
        return window, self._whole

    def _tempo_before(self) -> float:
        ended = [window.sheet.pieces[-1] for window in self._closed if window.sheet.pieces]
        return ended[-1].bpm if ended else 0.0

    def _do(self, step: plan.Step, window: _Window, whole: Sheet, last: bool) -> None:
        if step.run is not None:
            step.run(window.sheet)
            window.take_warnings()
        if step.gather is not None:
            part = self._gathering.get(step.name)
            if part is None:
                part = self._gathering[step.name] = step.gather()
            part.feed(window.sheet)
            # Where nothing was heard in any window, what means nothing on silence stays absent.
            if last and (self._heard or step.silence):
                part.finish(whole)

    def _told(self, untold: list[str], ahead: list[plan.Step], window: _Window) -> Iterator[GroupFeatures]:
        """Yields the groups that no step ahead concerns, and strikes them off the list."""
        assert self._whole is not None
        busy = {group for step in ahead for group in step.groups}
        for group in [group for group in untold if group not in busy]:
            untold.remove(group)
            windows = [(each.seconds, each.sheet.groups[group]) for each in (*self._closed, window)]
            yield GroupFeatures(group, {**combine.groups(windows), **self._whole.groups[group]})

    def _close(self, window: _Window) -> None:
        window.take_warnings()
        # Sheets stay until the recording's end, which may be hours of audio away: they must not hold theirs.
        window.sheet.let_go()
        self._closed.append(window)

    def _joint_warnings(self) -> Iterator[WarningReport]:
        yield from combine.warnings([window.warnings for window in self._closed])
        if "rhythm" in self._request.groups:
            found = sum("bpm" in window.sheet.groups["rhythm"] for window in self._closed)
            message = (
                f"the recording was followed in {len(self._closed)} windows, {found} of them with beats, whose grids "
                "are joined"
            )
            yield WarningReport("RHYTHM_WINDOWED", message, "rhythm.bpm")


def _taken(warnings: list[WarningReport]) -> Iterator[WarningReport]:
    yield from warnings
    warnings.clear()


def _absences(seconds: float, steps: list[plan.Step]) -> Iterator[WarningReport]:
    """Yields a warning for each field that a clip is too short for, but not for fields of a group that is absent."""
    absent = {step.field: step.min_seconds for step in steps}
    for name, needed in absent.items():
        if name.partition(".")[0] not in absent or "." not in name:
            message = f"{seconds:.2f} s is too short for {name}, which needs {needed:.0f} s"
            yield WarningReport("AUDIO_SHORT", message, name)
