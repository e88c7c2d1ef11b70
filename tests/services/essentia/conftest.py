"""The features engine, one analysis of music, and stand-in tag networks, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.audio import Audio
from chassis.models import Store
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import GROUPS, AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features
from standins import tiny_tag_networks
from tests.services.essentia import signals


@dataclass(frozen=True)
class Analysis:
    """What an engine yielded, sorted."""

    groups: Mapping[str, Mapping[str, object]]
    order: tuple[str, ...]
    warnings: tuple[WarningReport, ...]
    progress: tuple[ProgressReport, ...]

    def number(self, path: str) -> float | None:
        """A value by its path, such as ``rhythm.bpm``; None where it is absent."""
        group, _, name = path.partition(".")
        value = self.groups[group].get(name)
        assert value is None or isinstance(value, int | float), path
        return value

    def reasons(self) -> set[str]:
        """The reasons of the warnings."""
        return {warning.reason for warning in self.warnings}


Analyze = Callable[..., Analysis]

PROJECT = Path(__file__).parents[3]
MANIFEST = PROJECT / "services" / "essentia" / "models.toml"


@pytest.fixture(scope="session")
def models() -> Store:
    """The installed models of this service."""
    return Store(None, MANIFEST)


@pytest.fixture(scope="session")
def engine(models: Store) -> Features:
    """One engine for all tests, as a worker keeps one for all calls."""
    return Features(window_seconds=60, models=models)


@pytest.fixture(scope="session")
def analyze(engine: Features) -> Analyze:
    """Analyses samples (channels, samples) at 44.1 kHz: all groups where none are named."""

    def run(
        samples: signals.Samples, *groups: str, include_series: bool = False, melody: bool = False, **options: object
    ) -> Analysis:
        request = AnalysisRequest(groups or GROUPS, include_series, melody, **options)  # type: ignore[arg-type]
        events = list(engine.analyze(Audio(samples, signals.SAMPLE_RATE), request))
        finished = [event for event in events if isinstance(event, GroupFeatures)]
        return Analysis(
            groups={event.group: event.values for event in finished},
            order=tuple(event.group for event in finished),
            warnings=tuple(event for event in events if isinstance(event, WarningReport)),
            progress=tuple(event for event in events if isinstance(event, ProgressReport)),
        )

    return run


@pytest.fixture(scope="session")
def music(analyze: Analyze) -> Analysis:
    """Everything about twenty seconds of music."""
    return analyze(signals.music(), include_series=True, melody=True)


@pytest.fixture(scope="session")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``extractor`` and ``head``, as .pb and .onnx of the same weights, with metadata."""
    folder = tmp_path_factory.mktemp("standins")
    tiny_tag_networks.write_all(folder)
    return folder
