"""Six questions to every engine of every family: the same for all, each engine a line of its own.

Each goes by way of the family's Jobs and of a store, as a worker does, on a tiny model with made-up weights. An engine
whose libraries are not in this environment is skipped; ``make test-<environment>`` asks it in the one that has them.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import importlib.metadata
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.family.loading import engine_class
from chassis.models import Store
from chassis.reports import ProgressReport
from tests.contract.specimen import ABSENT, BROKEN, SPECIMEN, TWIN, Refusal, Specimen
from tests.contract.trial import Trial, cases, engines_of, specimens_of
from tests.fixtures.pipe import passed


@pytest.fixture(scope="module")
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """The engine in question, with its tiny model; skipped where its libraries are not."""
    family, name = request.param
    if name not in specimens_of(family):
        pytest.skip(f"there is no specimen of {family}/{name}, which test_specimens.py says too")
    made = Trial(family, name, tmp_path_factory.mktemp("trial"))
    if missing := made.missing():
        pytest.skip(f"{family}/{name} needs {', '.join(missing)}, which this environment does not have")
    return made


def of_engines(asked: Callable[[Specimen], bool] = lambda specimen: True) -> pytest.MarkDecorator:
    """Puts a question to every engine, or to those whose specimen is ``asked``."""
    found = [(family, name, specimens_of(family).get(name)) for family, name in cases()]
    named = [(family, name) for family, name, specimen in found if specimen is None or asked(specimen)]
    return pytest.mark.parametrize("trial", [pytest.param(pair, id="/".join(pair)) for pair in named], indirect=True)


every_engine = of_engines()


# It loads.


@every_engine
def test_it_is_loaded_by_the_first_call_and_answers_to_the_end(trial: Trial) -> None:
    contract = importlib.import_module(f"services.{trial.family}.contract")
    again = trial.first, trial.run(trial.shared)
    told = [any(_is_loading(event) for event in run.events) for run in again]
    assert told == [True, False], "a ProgressReport with loading comes in the first call, and in no other"
    for run in again:
        ends = [index for index, event in enumerate(run.events) if isinstance(event, contract.Summary)]
        assert ends == [len(run.events) - 1], "a summary comes once and last"


@every_engine
def test_nothing_but_progress_comes_before_the_header(trial: Trial) -> None:
    contract = importlib.import_module(f"services.{trial.family}.contract")
    for run in (trial.first, trial.run(trial.shared)):
        kinds = [type(event) for event in run.events]
        assert set(kinds[: kinds.index(contract.Header)]) <= {ProgressReport}
        assert kinds.count(contract.Header) == 1


@every_engine
def test_what_it_yields_passes_the_pipe_of_a_worker_unchanged(trial: Trial) -> None:
    contract = importlib.import_module(f"services.{trial.family}.contract")
    unions = [each for each in vars(contract).values() if isinstance(each, UnionType)]
    told = next(each for each in unions if contract.Summary in get_args(each))
    for event in trial.first.events:
        assert passed(event, told) == event


# It says what it is.


@every_engine
def test_it_says_what_it_is_and_what_it_stands_on(trial: Trial) -> None:
    work = trial.specimen.work(trial.first.events)
    assert work.engine == trial.engine
    assert work.device == "cpu"
    assert work.precision
    for name, told in work.library_versions.items():
        assert told.startswith(importlib.metadata.version(name)), f"{name} {told}"  # some have their build behind it
    untold = set(trial.specimen.libraries) - set(work.library_versions)
    assert untold == set(), "libraries that can change the numbers, of which it does not tell the version"


@every_engine
def test_it_names_its_model_with_digests_and_licence(trial: Trial) -> None:
    model = trial.specimen.work(trial.first.events).model
    if not trial.contents:
        assert model is None, "it has no weights, so it must not say that it used some"
        return
    assert model is not None
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in trial.contents.items()}
    assert (model.name, model.revision, dict(model.weights_sha256)) == (SPECIMEN, "seeded", digests)
    assert (model.license_spdx, model.commercial_use) == ("CC0-1.0", True)


# It refuses what it cannot do.


@of_engines(lambda specimen: specimen.by_name)
def test_a_model_that_it_cannot_have_is_refused(trial: Trial) -> None:
    ask = trial.specimen.ask
    unknown = _refused(trial, Refusal("INVALID_ARGUMENT", "UNKNOWN_MODEL", lambda: ask("nobody-knows")))
    assert "nobody-knows" in unknown.message
    absent = _refused(trial, Refusal("FAILED_PRECONDITION", "MODEL_NOT_INSTALLED", lambda: ask(ABSENT)))
    assert absent.metadata["command"] == f"antiphon models pull {ABSENT}"


@of_engines(lambda specimen: specimen.unreadable != "")
def test_a_file_that_is_something_else_is_refused_by_name(trial: Trial) -> None:
    specimen = trial.specimen
    assert set(specimen.besides) <= set(trial.contents)
    for number, file in enumerate(trial.contents):
        reason = specimen.besides.get(file, specimen.unreadable)
        store = trial.stock(f"broken-{number}", file)
        if not reason:
            trial.run(trial.jobs(store), specimen.ask(BROKEN))
            continue
        error = _refused(trial, Refusal("FAILED_PRECONDITION", reason, lambda: specimen.ask(BROKEN)), store)
        assert reason != specimen.unreadable or file in error.message or BROKEN in error.message, error.message


@every_engine
def test_without_its_library_it_is_refused_as_not_served(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines_of(trial.family), trial.engine, "a_library_that_is_not_installed:Engine")
    error = _refused(trial, Refusal("FAILED_PRECONDITION", "ENGINE_NOT_SERVED"))
    assert error.metadata["engine"] == trial.engine
    assert error.metadata["missing"] == "a_library_that_is_not_installed"


@every_engine
def test_what_it_cannot_do_is_refused_by_its_reason(trial: Trial) -> None:
    assert trial.specimen.refusals, "the specimen names nothing that this engine cannot do"
    for refusal in trial.specimen.refusals:
        _refused(trial, refusal)


def _refused(trial: Trial, refusal: Refusal, store: Store | None = None) -> AntiphonError:
    """Makes a call of which the engine must refuse something, and sees that it did nothing before."""
    jobs = trial.jobs(store or trial.store, **refusal.settings)
    run = trial.start(samples=None if refusal.samples is None else refusal.samples())
    with pytest.raises(AntiphonError) as caught:
        trial.finish(jobs, run, None if refusal.request is None else refusal.request())
    assert (caught.value.code, caught.value.reason) == (refusal.code, refusal.reason), caught.value.message
    # A header says what the audio is, and progress that something is loaded or begins: neither was computed.
    done = [event for event in run.events if not isinstance(event, ProgressReport) and not _is_header(event)]
    assert done == [], f"before {refusal.reason} it had begun to answer"
    # What is wrong with the audio can only be known once it is read, which may be stopped too.
    assert refusal.samples is not None or run.task.calls == 0, f"before {refusal.reason} it had begun to compute"
    return caught.value


# It is cancelled within its bound.


@every_engine
def test_it_looks_whether_it_is_still_wanted_at_every_step(trial: Trial) -> None:
    least = trial.specimen.checkpoints
    assert trial.first.task.calls >= least, f"{least} steps can be told in this audio; a long one would not be stopped"


@every_engine
def test_it_stops_at_the_checkpoint_that_cancels_and_can_be_used_again(trial: Trial) -> None:
    # Some look at the clock as well, and so more often in one run than in another; as often as this they all look.
    whole, steps = trial.told(trial.first), trial.specimen.checkpoints
    for stop_at in sorted({1, (steps + 1) // 2, steps}):
        run = trial.start(stop_at)
        with pytest.raises(Cancelled):
            trial.finish(trial.shared, run)
        assert run.task.calls == stop_at, "it went on after it was cancelled"
        told = trial.told(run)
        assert told == whole[: len(told)]
        assert len(told) < len(whole)
    assert trial.told(trial.run(trial.shared)) == whole, "a cancelled call left something behind"


# It gives its memory back.


@every_engine
def test_it_gives_its_memory_back(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    store = trial.stock("returned")
    loaded = _watch(trial, monkeypatch)
    jobs = trial.jobs(store)
    trial.run(jobs)
    assert [watched() is not None for watched in loaded] == [True], "one engine is loaded, and kept for the next call"
    if trial.specimen.by_name and not trial.specimen.keeps:
        trial.run(jobs, trial.specimen.ask(TWIN))
        gc.collect()
        assert [watched() is not None for watched in loaded] == [False, True], "two models do not fit beside each other"
    del jobs
    gc.collect()
    assert [watched for watched in loaded if watched() is not None] == []
    assert list(_held(store.root)) == [], "files of the model are still open"


def _watch(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    """Keeps a weak reference to each engine that is loaded from now on, oldest first."""
    loaded: list[weakref.ref[Any]] = []
    made = engine_class(trial.family, engines_of(trial.family), trial.engine)
    load = made.load

    def watched(*arguments: Any) -> Any:
        engine = load(*arguments)
        loaded.append(weakref.ref(engine))
        return engine

    monkeypatch.setattr(made, "load", watched)
    return loaded


def _held(root: Path) -> Iterator[str]:
    """Yields what this process has open or mapped below a folder, as far as the system tells."""
    mapped = Path("/proc/self/maps")
    if not mapped.is_file():
        return
    names = {line.split(maxsplit=5)[-1] for line in mapped.read_text(encoding="utf-8").splitlines()}
    names |= {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}
    yield from sorted(name for name in names if name.startswith(f"{root.resolve()}/"))


# It is deterministic where it says so.


@every_engine
def test_the_same_call_gives_the_same_answer_again_and_after_loading_anew(trial: Trial) -> None:
    whole = trial.told(trial.first)
    assert trial.told(trial.run(trial.shared)) == whole
    assert trial.told(trial.run(trial.jobs(trial.store))) == whole


@every_engine
def test_what_is_drawn_at_random_can_be_had_again_or_is_said_not_to_be(trial: Trial) -> None:
    specimen = trial.specimen
    if specimen.sampled is None:
        assert specimen.work(trial.first.events).seed is None, "it draws nothing, and yet names a seed"
        return
    request = specimen.sampled()
    run = trial.run(trial.shared, request)
    work = specimen.work(run.events)
    if work.seed is None:
        assert work.parameters["reproducible"] == "false"
        return
    assert work.parameters.get("reproducible", "true") == "true"
    again = request if specimen.seeded is None else specimen.seeded(request, work.seed)
    assert trial.told(trial.run(trial.shared, again)) == trial.told(run)


def _is_loading(event: Any) -> bool:
    return isinstance(event, ProgressReport) and event.loading


def _is_header(event: Any) -> bool:
    return type(event).__name__ == "Header"
