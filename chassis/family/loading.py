"""Engines found by name and kept loaded: one model at a time, for two need not fit into memory."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.load_times import timed
from chassis.models import InstalledModel
from chassis.out_of_memory import out_of_memory
from chassis.traces import account

Engine = TypeVar("Engine")

_OURS = ("antiphon_wire", "chassis", "services")


def engine_class(family: str, engines: Mapping[str, str], name: str) -> Any:
    """Imports the class of an engine, and with it the library it stands on.

    Args:
        family: Word of the family, such as ``speech``, for messages.
        engines: ENGINES table: name to ``module:Class``.
        name: Which of them.

    Raises:
        AntiphonError: ENGINE_NOT_SERVED where the table does not name it, or its library is not in this environment.
    """
    if name not in engines:
        raise engine_not_served(name, f"{family} has {', '.join(engines)}")
    module, _, attribute = engines[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing.partition(".")[0] in _OURS:
            raise  # a fault of ours, not of the environment
        what = (
            f"it needs {missing}, which is not in this service's environment; install it there, or, where the engine "
            f"has an environment of its own, start the service in that with {family.upper()}_ENGINE={name}"
        )
        raise engine_not_served(name, what, missing=missing) from error


def engine_not_served(engine: str, why: str, **metadata: object) -> AntiphonError:
    """Makes the error for a model whose engine this process cannot run; ``why`` says what can be done, if anything."""
    return not_ready(
        "ENGINE_NOT_SERVED",
        f"this service cannot run the engine {engine}: {why}",
        engine=engine,
        **metadata,
    )


@contextlib.contextmanager
def naming(model: InstalledModel) -> Iterator[None]:
    """Names the model in what is raised of its files within the block, and the command that replaces them.

    Raises:
        AntiphonError: what is raised within; WORKER_OUT_OF_MEMORY where a library says that memory ran out, which is no
            fault of the files; MODEL_UNREADABLE for whatever else it raises of them. Where it was raised is told on
            standard error.
    """
    try:
        yield
    except MemoryError:
        raise
    except AntiphonError as error:
        if error.reason.startswith("MODEL_"):
            error.metadata.setdefault("model", model.name)
            error.metadata.setdefault("command", f"antiphon models pull {model.name}")
        raise
    except Exception as error:
        if (told := out_of_memory(error)) is not None:
            raise told from error
        sys.stderr.write(f"the model {model.name} cannot be loaded: {account(error)}\n")
        kind, command = type(error).__name__, f"antiphon models pull {model.name}"
        raise not_ready(
            "MODEL_UNREADABLE",
            f"the model {model.name!r} cannot be loaded ({kind}; the log says where); replace it with: {command}",
            model=model.name,
            error=kind,
            command=command,
        ) from error


class Loader(Generic[Engine]):
    """Keeps the engine of the model that was used last, and of models that somebody still uses.

    An engine is made by its class method ``load(model, settings)``.

    Args:
        family: Word of the family, for messages.
        engines: ENGINES table.
        settings: The family's, handed to the engine.
    """

    def __init__(self, family: str, engines: Mapping[str, str], settings: object) -> None:
        self._family, self._engines, self._settings = family, engines, settings
        self._loaded: dict[str, Engine] = {}
        self._users: Counter[str] = Counter()

    def holds(self, name: str) -> bool:
        """Tells whether a model is loaded."""
        return name in self._loaded

    def find(self, engine: str) -> Any:
        """Gives the class of an engine without loading a model; raises as :func:`engine_class`."""
        return engine_class(self._family, self._engines, engine)

    def load(self, model: InstalledModel) -> Engine:
        """Gives the model's engine, loaded now where it is not yet.

        Raises:
            AntiphonError: ENGINE_NOT_SERVED, and what the engine's ``load`` raises.
        """
        if model.name not in self._loaded:
            made = self.find(model.model.engine)
            self.give_up()
            with naming(model), timed(model.name):
                self._loaded[model.name] = made.load(model, self._settings)
        return self._loaded[model.name]

    @contextlib.contextmanager
    def in_use(self, name: str) -> Iterator[None]:
        """Keeps a model from being given up within the block, for streams that work side by side."""
        self._users[name] += 1
        try:
            yield
        finally:
            self._users[name] -= 1

    def give_up(self) -> None:
        """Forgets every model that nobody uses, so that the next one finds its memory."""
        idle = [name for name in self._loaded if not self._users[name]]
        for name in idle:
            del self._loaded[name]
        if not idle:
            return
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()  # what torch keeps for itself is lost to libraries beside it, such as llama.cpp
