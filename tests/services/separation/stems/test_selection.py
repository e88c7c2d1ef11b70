"""Stems that are the mix minus others: which there are, what they hold, that no model computes for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.encodings import Encoding
from chassis.models import Store
from services.separation.contract import SeparatedBlock, SeparationRequest, Tuning
from services.separation.engines.spleeter.engine import Spleeter
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings
from services.separation.stems.selection import select_stems
from tests.services.separation.scripted_tasks import clip_of, samples_of, stems_of

FOUR = ("drums", "bass", "other", "vocals")


@pytest.fixture
def jobs(tiny_store: Store) -> Jobs:
    return Jobs(SeparationSettings(device="cpu", default_model="tiny"), tiny_store)


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Any]:
    return partial(clip_of, tmp_path)


def asking(*stems: str) -> SeparationRequest:
    return SeparationRequest(stems=stems, encoding=Encoding("pcm_f32le"))


@pytest.mark.parametrize(
    ("asked", "sent", "computed"),
    [
        ((), FOUR, FOUR),
        (("vocals", "bass"), ("bass", "vocals"), ("bass", "vocals")),
        (("no_vocals", "vocals"), ("vocals", "no_vocals"), ("vocals",)),
        (("no_drums",), ("no_drums",), ("drums",)),
        (("residual", "bass"), ("bass", "residual"), FOUR),
        (("no_vocals", "no_bass"), ("no_bass", "no_vocals"), ("bass", "vocals")),
    ],
)
def test_only_what_is_needed_is_computed(
    asked: tuple[str, ...], sent: tuple[str, ...], computed: tuple[str, ...]
) -> None:
    selection = select_stems("model", FOUR, asked)
    assert (selection.sent, selection.computed) == (sent, computed)


def test_a_stem_of_the_models_own_is_meant_before_a_difference_of_the_same_name() -> None:
    selection = select_stems("model", ("vocals", "no_vocals", "residual"), ("no_vocals", "residual"))
    assert selection.computed == ("no_vocals", "residual")
    mix = np.ones((2, 3), np.float32)
    stems = {"no_vocals": mix / 4, "residual": mix / 8}
    derived = selection.derive(stems, mix)
    assert all(np.array_equal(derived[name], stems[name]) for name in stems)


@pytest.mark.parametrize("stem", ["no_residual", "no_no_vocals", "no_", "Vocals", ""])
def test_there_is_no_other_difference(stem: str) -> None:
    with pytest.raises(AntiphonError, match="UNKNOWN_STEM"):
        select_stems("model", FOUR, ("vocals", stem))


def test_karaoke_is_the_vocals_and_the_mix_without_them(jobs: Jobs, clip: Callable[..., Any], signals: Any) -> None:
    mix = signals.noise(600_000)
    events = list(jobs.separate(clip(mix), asking("vocals", "no_vocals")))
    stems = {name: samples_of(data) for name, data in stems_of(events).items()}
    assert list(stems) == ["vocals", "no_vocals"]
    alone = samples_of(stems_of(list(jobs.separate(clip(mix), asking("vocals"))))["vocals"])
    assert np.array_equal(stems["vocals"], alone)
    assert np.array_equal(stems["no_vocals"], mix - stems["vocals"])
    assert [report.energy_share is None for report in events[-1].stems] == [False, True]


def test_a_two_stem_model_computes_once_whatever_is_asked_of_it(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patches = []
    original = Spleeter._separate_patch

    def counted(self: Spleeter, *arguments: Any) -> Any:
        patches.append(1)
        return original(self, *arguments)

    monkeypatch.setattr(Spleeter, "_separate_patch", counted)
    everything = ("vocals", "accompaniment", "no_vocals", "no_accompaniment", "residual")
    events = list(jobs.separate(clip(signals.noise(600_000)), asking(*everything)))
    assert list(stems_of(events)) == list(everything)
    assert len(patches) == 2, "one for each stretch of 11.9 s"


def test_the_residual_is_what_the_stems_leave_and_lies_within_the_models_claim(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, level: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    mix = signals.noise(600_000)
    events = list(jobs.separate(clip(mix), asking("vocals", "accompaniment", "residual")))
    stems = {name: samples_of(data) for name, data in stems_of(events).items()}
    assert np.array_equal(stems["residual"], mix - stems["vocals"] - stems["accompaniment"])
    summary = events[-1]
    assert summary.sum_bound_db == -120.0
    assert level(stems["residual"], mix) < summary.sum_bound_db
    measured = np.square(stems["residual"], dtype=np.float64).sum() / np.square(mix, dtype=np.float64).sum()
    assert summary.residual_energy_share == pytest.approx(measured, rel=1e-9)
    assert measured > 0, "float32 rounds; a difference of nothing would mean that nothing was compared"


class ScriptedSeparator:
    """An engine of two stems that computes the first alone, and claims no sum."""

    stems = ("vocals", "accompaniment")
    sample_rate, channels = 44_100, 2
    device, precision = "cpu", "float32"
    needs_level = False
    parameters: Mapping[str, str] = MappingProxyType({})
    library_versions: Mapping[str, str] = MappingProxyType({})

    def tuned(self, tuning: Tuning) -> Tuning:
        return tuning

    def separate(self, blocks: Iterable[np.ndarray], *_: Any, **__: Any) -> Iterator[Any]:
        position = 0
        for block in blocks:
            yield SeparatedBlock(position, {"vocals": block / 4})
            position += block.shape[1]


def test_shares_are_unknown_where_not_every_stem_was_computed(
    jobs: Jobs, clip: Callable[..., Any], signals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spleeter, "load", lambda model, settings: ScriptedSeparator())
    mix = signals.noise(200_000)
    events = list(jobs.separate(clip(mix), asking("vocals", "no_vocals")))
    assert np.array_equal(samples_of(stems_of(events)["no_vocals"]), mix - mix / 4)
    assert {report.energy_share for report in events[-1].stems} == {None}
    assert events[-1].residual_energy_share is None
