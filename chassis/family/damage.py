"""Which models are known to be damaged, until their files are replaced."""

from __future__ import annotations

from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.errors import WORKER_LOST, AntiphonError, not_ready
from chassis.models import Store
from chassis.models.blobs import Seal

REASONS = ("MODEL_CORRUPT", "MODEL_UNREADABLE", "MODEL_INCOMPLETE", "MODEL_GRAPH", "MODEL_METADATA")
"""What a worker says of a model that its files are to blame for."""
MAX_LOSSES = 2
"""Workers that may end while they load a model before it counts as damaged."""


class DamagedModels:
    """The models that workers could not load for what is in their files; one whose files changed is not held any more.

    Args:
        store: Where the models lie.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, tuple[tuple[Seal | None, ...], str]] = {}
        self._losses: dict[str, tuple[tuple[Seal | None, ...], int]] = {}

    def learn(self, error: AntiphonError, model: str = "") -> None:
        """Takes down the model that an error blames; other errors, and names that are not ours, are passed over.

        Args:
            model: The one that is meant where the error names none.
        """
        name = error.metadata.get("model", model)
        if error.reason in REASONS and self._ours(name):
            self._found[name] = (self._store.seals(name), str(error))

    def holds(self, name: str) -> bool:
        """Whether the model is damaged, as far as is known."""
        return bool(self.problem(name))

    def problem(self, name: str) -> str:
        """What is wrong with the model, in words; empty where nothing is known."""
        seals, problem = self._found.get(name, ((), ""))
        return problem if problem and seals == self._store.seals(name) else ""

    def loaded(self, name: str) -> None:
        """Forgets what was held against a model: it was loaded."""
        self._found.pop(name, None)
        self._losses.pop(name, None)

    def lost(self, name: str, error: AntiphonError) -> AntiphonError:
        """Counts a worker that ended while it loaded a model.

        Returns:
            What to tell the caller: ``error``, after which another try makes sense, or from the second loss on one that
            blames the model.
        """
        if not self._ours(name):
            return error
        seals, before = self._losses.get(name, ((), 0))
        now = self._store.seals(name)
        count = before + 1 if seals == now else 1
        self._losses[name] = (now, count)
        if count < MAX_LOSSES:
            return error
        command = f"antiphon models pull {name}"
        blamed = not_ready(
            "MODEL_UNREADABLE",
            f"loading the model {name!r} ended {count} worker processes; replace it with: {command}",
            model=name,
            losses=count,
            command=command,
        )
        self.learn(blamed)
        return blamed

    def _ours(self, name: str) -> bool:
        return any(row.name == name for row in self._store.manifest.models)


class LoadingWatch:
    """Follows a job's events, to know which model is being loaded when its worker ends.

    Args:
        damaged: Where it is taken down.
    """

    def __init__(self, damaged: DamagedModels) -> None:
        self._damaged = damaged
        self._model = ""

    def saw(self, event: object) -> None:
        """Takes note of an event: a model is being loaded, or has been."""
        if self._model:
            self._damaged.loaded(self._model)
        loading = isinstance(event, evidence_pb2.Progress) and event.phase == evidence_pb2.Progress.PHASE_LOADING
        self._model = event.step if loading and isinstance(event, evidence_pb2.Progress) else ""

    @property
    def loading(self) -> bool:
        """Whether a model is being loaded."""
        return bool(self._model)

    def judged(self, error: AntiphonError) -> AntiphonError:
        """Takes down what an error says of a model; gives the error that the caller is to have."""
        if error.reason == WORKER_LOST and self._model:
            return self._damaged.lost(self._model, error)
        self._damaged.learn(error, self._model)
        return error
