"""What the worker of the generation service does: it checks, loads, orders and makes, each in its own place."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.family.loading import Loader
from chassis.family.selection import Selection
from chassis.models import InstalledModel, Store
from chassis.reports import ProgressReport
from services.generation.contract import Event, GenerationRequest, Generator, Header, Summary, Task
from services.generation.engines import ENGINES
from services.generation.order.checks import check_clip, check_for_model, check_request
from services.generation.order.placing import place_order
from services.generation.pieces.evidence import work_facts
from services.generation.pieces.making import Pieces
from services.generation.settings import GenerationSettings


class Jobs:
    """What the worker of the generation service can do; keeps one model loaded."""

    def __init__(self, settings: GenerationSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._selection = Selection.of("generation", ENGINES, settings, models.manifest)
        self._loader: Loader[Generator] = Loader("generation", ENGINES, settings)

    def check_device(self) -> None:
        """Raises the AntiphonError DEVICE_NOT_AVAILABLE where a GPU was asked for and torch sees none."""
        if self._settings.device == "cuda":
            # torch takes seconds to import, and nothing else needs it before a model is loaded.
            from chassis import torch_device

            torch_device.choose(self._settings.device, "GENERATION_DEVICE")

    def warm(self) -> str:
        """Loads the default model where it is installed and allowed, and says what was loaded, or why nothing was."""
        name = self._selection.default()
        if not name:
            return f"no manifest names a default model of the engine {self._settings.engine}"
        if not any(row.name == name for row in self._models.manifest.models):
            return f"{name} is in no manifest"
        if not self._models.installed(name):
            return f"{name} is not installed"
        if not self._models.allowed(name):
            return f"{name} is refused by the licence policy"
        return f"{name} on {self._loader.load(self._models.require(name)).device}"

    def generate(self, task: Task, request: GenerationRequest) -> Iterator[Event]:
        """Makes every piece of the request.

        Yields a ProgressReport with ``loading`` where a model must be loaded; a Header; then PieceBlocks of all pieces
        as they grow, and ProgressReport that count the new audio of a piece; last a Summary.

        Raises:
            AntiphonError: INVALID_ARGUMENT: what :mod:`services.generation.order.checks` refuses, an unknown model, or
                what is wrong with the clip; FAILED_PRECONDITION: no model, not installed, refused, of an engine that
                does not run here, or cannot be loaded; RESOURCE_EXHAUSTED: ``WORKER_OUT_OF_MEMORY``.
        """
        # What costs nothing to find out is refused before a model is loaded.
        check_request(request, self._settings)
        model = self._installed(request.model)
        check_clip(task.source, request.audio_role)

        if not self._loader.holds(model.name):
            yield ProgressReport(step=model.name, loading=True)
        generator = self._loader.load(model)
        check_for_model(request, model.name, generator, self._settings)
        order = place_order(request, task.source, generator, self._settings)
        pieces = Pieces(generator, order, request.encoding, request.sample_rate)

        heard = None if task.source is None else task.source.report
        rate = pieces.sample_rate
        yield Header(heard, model.name, order.seeds, request.encoding.name, rate, generator.channels, pieces.frames)
        yield from pieces.make(task.checkpoint)
        completed = None if task.source is None else task.source.complete()
        warnings = () if task.source is None else tuple(task.source.warnings)
        work = work_facts(model, generator, request, order, rate, self._settings)
        yield Summary(completed, pieces.report(), work, warnings)

    def _installed(self, name: str) -> InstalledModel:
        """Finds the model that a request means, empty for the default one, and whether it can be used here."""
        row = self._selection.choose(name)
        self._loader.find(row.engine)
        return self._models.require(row.name)
