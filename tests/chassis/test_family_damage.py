"""What is held against a model: by its own errors, by workers that ended over it, until its files change."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import AntiphonError, lost, not_ready
from chassis.family.damage import DamagedModels, LoadingWatch
from chassis.models import Manifest, Store

ROWS = """
[[models]]
name = "tiny"
engine = "fake"
default = true
starter = false
revision = "r1"
license_spdx = "MIT"
commercial_use = true
[[models.files]]
name = "weights"
size = 1
sha256 = "{digest}"
sources = [{{ kind = "https", url = "https://example.org/weights" }}]
"""
DIGEST = "a" * 64
LOADING = evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_LOADING, step="tiny")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    folder = tmp_path / "speech"
    folder.mkdir()
    (folder / "models.toml").write_text(ROWS.format(digest=DIGEST))
    made = Store(tmp_path / "store", Manifest.load(folder / "models.toml"))
    made.blobs.folder.mkdir(parents=True)
    made.blobs.path(DIGEST).write_bytes(b"x")
    return made


def died() -> AntiphonError:
    return lost("the worker process ended", exit_code=-11)


def test_an_error_that_names_a_strangers_model_marks_nothing(store: Store) -> None:
    known = DamagedModels(store)
    known.learn(AntiphonError("FAILED_PRECONDITION", "MODEL_CORRUPT", "x", {"model": "../../etc"}))
    known.learn(AntiphonError("FAILED_PRECONDITION", "MODEL_NOT_INSTALLED", "x", {"model": "tiny"}))
    assert not known.holds("tiny")
    assert not known.holds("../../etc")
    known.learn(AntiphonError("FAILED_PRECONDITION", "MODEL_CORRUPT", "x", {"model": "tiny"}))
    assert known.problem("tiny") == "MODEL_CORRUPT: x"


def test_what_is_wrong_is_forgotten_when_the_file_is_replaced(store: Store) -> None:
    known = DamagedModels(store)
    known.learn(not_ready("MODEL_GRAPH", "no graph"), "tiny")
    assert known.holds("tiny")
    store.blobs.path(DIGEST).write_bytes(b"yy")
    assert known.problem("tiny") == ""


def test_a_second_worker_that_ends_while_it_loads_a_model_is_told_as_the_models_fault(store: Store) -> None:
    known = DamagedModels(store)
    errors = []
    for _ in range(2):
        watch = LoadingWatch(known)
        watch.saw(LOADING)
        assert watch.loading
        errors.append(watch.judged(died()))
    assert [error.reason for error in errors] == ["WORKER_LOST", "MODEL_UNREADABLE"]
    assert errors[1].code == "FAILED_PRECONDITION", "another try would end a third worker"
    assert errors[1].metadata["command"] == "antiphon models pull tiny"
    assert "ended 2 worker processes" in known.problem("tiny")


def test_a_worker_that_ends_after_loading_is_no_fault_of_the_model(store: Store) -> None:
    known = DamagedModels(store)
    for _ in range(3):
        watch = LoadingWatch(known)
        watch.saw(LOADING)
        watch.saw(evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_COMPUTING))
        assert not watch.loading
        assert watch.judged(died()).reason == "WORKER_LOST"
    assert not known.holds("tiny")


def test_a_model_that_is_loaded_after_all_is_held_for_sound(store: Store) -> None:
    known = DamagedModels(store)
    known.lost("tiny", died())
    known.loaded("tiny")
    assert known.lost("tiny", died()).reason == "WORKER_LOST", "the first loss since"
    assert known.lost("tiny", died()).reason == "MODEL_UNREADABLE"
    known.loaded("tiny")
    assert not known.holds("tiny")


def test_losses_over_files_that_were_replaced_count_anew(store: Store) -> None:
    known = DamagedModels(store)
    known.lost("tiny", died())
    store.blobs.path(DIGEST).write_bytes(b"yy")
    assert known.lost("tiny", died()).reason == "WORKER_LOST"


def test_starting_a_worker_is_no_model(store: Store) -> None:
    known = DamagedModels(store)
    watch = LoadingWatch(known)
    watch.saw(evidence_pb2.Progress(phase=evidence_pb2.Progress.PHASE_LOADING, step="starting a worker"))
    assert [watch.judged(died()).reason for _ in range(3)] == ["WORKER_LOST"] * 3


def test_an_error_without_a_model_is_held_against_the_one_that_is_being_loaded(store: Store) -> None:
    known = DamagedModels(store)
    watch = LoadingWatch(known)
    watch.saw(LOADING)
    assert watch.judged(not_ready("MODEL_METADATA", "no card")).reason == "MODEL_METADATA"
    assert known.problem("tiny") == "MODEL_METADATA: no card"
