"""Measures music with hand-picked Essentia algorithms, step by step; no model, no file, nothing kept between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

from chassis.audio import Audio
from chassis.facts import ProgressFacts, WarningFacts
from services.essentia.engine import GROUPS, SERIES, AnalysisRequest, GroupFeatures, Measured
from services.essentia.engines.features import plan
from services.essentia.engines.features.clip import check
from services.essentia.engines.features.sheet import Sheet


class Features:
    """The features engine.

    Every algorithm is made anew for every call: some, such as OnsetRate, answer wrongly when they are used again.

    Args:
        window_seconds: Longest piece that tempo and melody are followed through at once; RhythmExtractor2013 fails on
            audio of hours (MTG/essentia #1528).
    """

    def __init__(self, window_seconds: float = 600.0) -> None:
        self._window_seconds = window_seconds
        names = ("essentia-tensorflow", "numpy")
        self.library_versions: Mapping[str, str] = {name: version(name) for name in names}

    def analyze(
        self, audio: Audio, request: AnalysisRequest, checkpoint: Callable[[], None] = lambda: None
    ) -> Iterator[Measured]:
        """See FeatureExtractor.analyze."""
        clip = check(audio)
        yield from clip.warnings
        sheet = Sheet(clip, request, checkpoint, self._window_seconds)
        steps, too_short = plan.choose(request, clip)
        yield from _too_short(clip.seconds, too_short)
        groups = [group for group in GROUPS if group in request.groups]
        yield from _finished(sheet, groups, steps)
        for done, step in enumerate(steps):
            yield ProgressFacts(fraction=done / len(steps), step=step.name)
            checkpoint()
            step.run(sheet)
            yield from sheet.warnings
            sheet.warnings.clear()
            yield from _finished(sheet, groups, steps[done + 1 :])
        yield ProgressFacts(fraction=1.0, audio_seconds=clip.seconds)
        if request.include_series:
            yield GroupFeatures(SERIES, dict(sheet.series))


def _too_short(seconds: float, steps: list[plan.Step]) -> Iterator[WarningFacts]:
    absent = {step.field: step.min_seconds for step in steps}
    for field, needed in absent.items():
        if field.partition(".")[0] not in absent or "." not in field:
            message = f"{seconds:.2f} s is too short for {field}, which needs {needed:.0f} s"
            yield WarningFacts("AUDIO_SHORT", message, field)


def _finished(sheet: Sheet, groups: list[str], ahead: list[plan.Step]) -> Iterator[GroupFeatures]:
    busy = {group for step in ahead for group in step.groups}
    for group in [group for group in groups if group not in busy]:
        groups.remove(group)
        yield GroupFeatures(group, dict(sheet.groups[group]))
