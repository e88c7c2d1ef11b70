"""One model is kept loaded; what cannot be loaded here says so the same way for every engine."""

from __future__ import annotations

import sys
import types
import weakref
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.family.loading import Loader, engine_class, naming

MODULE = "an_engine_of_the_tests"


class Tiny:
    """An engine that knows what it was loaded with."""

    alive: ClassVar[weakref.WeakSet[Tiny]] = weakref.WeakSet()
    alive_at_load: ClassVar[list[int]] = []

    @classmethod
    def load(cls, model: Any, settings: object) -> Tiny:
        cls.alive_at_load.append(len(cls.alive))
        made = cls()
        made.loaded = (model.name, settings)  # type: ignore[attr-defined]
        cls.alive.add(made)
        return made


@dataclass(frozen=True)
class Row:
    engine: str = "tiny"


@dataclass(frozen=True)
class Installed:
    name: str
    model: Row = Row()


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    module = types.ModuleType(MODULE)
    module.Tiny = Tiny  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, module)
    Tiny.alive.clear()
    Tiny.alive_at_load.clear()
    return {"tiny": f"{MODULE}:Tiny", "absent": "a_library_that_nobody_has.engine:Engine"}


def test_the_old_model_is_gone_before_the_new_one_comes(engines: dict[str, str]) -> None:
    loader: Loader[Tiny] = Loader("speech", engines, "settings")
    first = loader.load(Installed("a"))  # type: ignore[arg-type]
    assert first.loaded == ("a", "settings")  # type: ignore[attr-defined]
    assert loader.load(Installed("a")) is first  # type: ignore[arg-type]
    del first
    loader.load(Installed("b"))  # type: ignore[arg-type]
    assert Tiny.alive_at_load == [0, 0]
    assert (loader.holds("a"), loader.holds("b")) == (False, True)


def test_a_model_in_use_stays_beside_the_new_one(engines: dict[str, str]) -> None:
    loader: Loader[Tiny] = Loader("speech", engines, None)
    loader.load(Installed("a"))  # type: ignore[arg-type]
    with loader.in_use("a"):
        loader.load(Installed("b"))  # type: ignore[arg-type]
        assert loader.holds("a")
    loader.load(Installed("c"))  # type: ignore[arg-type]
    assert not loader.holds("a")


@pytest.mark.parametrize(
    ("name", "said"), [("absent", "a_library_that_nobody_has"), ("unheard_of", "speech has tiny, absent")]
)
def test_an_engine_that_cannot_run_here_is_refused_by_one_reason(engines: dict[str, str], name: str, said: str) -> None:
    with pytest.raises(AntiphonError, match=said) as caught:
        engine_class("speech", engines, name)
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "ENGINE_NOT_SERVED")


def test_the_remedy_for_a_missing_library_is_the_library_or_an_environment_that_has_it(engines: dict[str, str]) -> None:
    with pytest.raises(AntiphonError) as caught:
        engine_class("speech", engines, "absent")
    # The setting alone is no remedy: most engines share their family's environment, and none may be set for all.
    assert "install it there, or, where the engine has an environment of its own" in caught.value.message
    assert "SPEECH_ENGINE=absent" in caught.value.message


def test_an_engine_that_the_family_does_not_have_is_not_to_be_had_by_a_setting(engines: dict[str, str]) -> None:
    with pytest.raises(AntiphonError) as caught:
        engine_class("speech", engines, "unheard_of")
    assert "SPEECH_ENGINE" not in caught.value.message


def test_a_module_of_our_own_that_is_missing_is_our_fault_and_not_the_environments() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"services\.nothing"):
        engine_class("speech", {"x": "services.nothing:X"}, "x")


def test_a_refused_load_leaves_the_loaded_model_alone(engines: dict[str, str]) -> None:
    loader: Loader[Tiny] = Loader("speech", engines, None)
    loader.load(Installed("a"))  # type: ignore[arg-type]
    with pytest.raises(AntiphonError, match="ENGINE_NOT_SERVED"):
        loader.load(Installed("z", Row("absent")))  # type: ignore[arg-type]
    assert loader.holds("a")


class Broken:
    """An engine that raises what its settings say when it is loaded."""

    @classmethod
    def load(cls, model: Any, settings: Any) -> Broken:
        raise settings


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), ValueError("a text of the file"), OverflowError(), RuntimeError("/root/store")]
)
def test_whatever_a_library_raises_of_a_model_is_a_model_that_cannot_be_read(
    engines: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: Exception
) -> None:
    monkeypatch.setattr(sys.modules[MODULE], "Tiny", Broken)
    loader: Loader[Broken] = Loader("speech", engines, error)
    with pytest.raises(AntiphonError) as caught:
        loader.load(Installed("a"))  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_UNREADABLE")
    assert caught.value.metadata["model"] == "a"
    assert caught.value.metadata["command"] == "antiphon models pull a"
    told = f"{caught.value} {caught.value.metadata} {capfd.readouterr().err}"
    assert type(error).__name__ in told
    assert not str(error) or str(error) not in told, "it may hold a path, or what is in the file"


def test_memory_that_runs_out_is_no_fault_of_the_model(
    engines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[MODULE], "Tiny", Broken)
    loader: Loader[Broken] = Loader("speech", engines, MemoryError())
    with pytest.raises(MemoryError):
        loader.load(Installed("a"))  # type: ignore[arg-type]


def test_an_error_of_a_models_files_names_the_model_and_what_mends_it(
    engines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[MODULE], "Tiny", Broken)
    loader: Loader[Broken] = Loader("speech", engines, not_ready("MODEL_GRAPH", "no graph", file="x"))
    with pytest.raises(AntiphonError, match="MODEL_GRAPH: no graph") as caught:
        loader.load(Installed("a"))  # type: ignore[arg-type]
    assert caught.value.metadata == {"file": "x", "model": "a", "command": "antiphon models pull a"}


@pytest.mark.parametrize(
    "said",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
        "CUDA error: out of memory",
        "HIP out of memory. Tried to allocate 2.00 GiB.",
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
        "CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA failed with error out of memory",
        "Failed to allocate memory for requested buffer of size 4096",
        "std::bad_alloc",
    ],
)
def test_a_library_that_says_that_memory_ran_out_does_not_blame_the_model(said: str) -> None:
    with pytest.raises(AntiphonError) as caught, naming(Installed("a")):  # type: ignore[arg-type]
        raise RuntimeError(said)
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY")


def test_what_a_file_says_of_memory_is_not_believed() -> None:
    with pytest.raises(AntiphonError, match="MODEL_UNREADABLE"), naming(Installed("a")):  # type: ignore[arg-type]
        raise ValueError("no setting: 'CUDA out of memory'")
