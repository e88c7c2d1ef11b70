"""What the worker of the separation service can be asked to do."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.models import Store
from services.separation.contract import LiveTask, SeparationEvent, SeparationRequest, Task, Turn
from services.separation.mix.arriving import Arriving
from services.separation.mix.recorded import Recorded
from services.separation.pipeline.separate import Pipeline
from services.separation.settings import SeparationSettings


class Jobs:
    """The verbs of the worker; each is one way into the family's :class:`Pipeline`.

    Args:
        settings: The family's.
        models: Those that are installed.
    """

    def __init__(self, settings: SeparationSettings, models: Store) -> None:
        self._settings = settings
        self._pipeline = Pipeline(settings, models)

    def check_device(self) -> None:
        """Raises the AntiphonError DEVICE_NOT_AVAILABLE where a GPU was asked for and torch sees none."""
        if self._settings.device == "cuda":
            # torch takes seconds to import, and nothing else needs it before a model is loaded.
            from chassis import torch_device

            torch_device.choose(self._settings.device, "SEPARATION_DEVICE")

    def warm(self) -> str:
        """Loads the default model where it is installed, and says what was loaded and what will compute."""
        return self._pipeline.warm()

    def warm_live(self) -> str:
        """Does what :meth:`warm` does, in a worker for live streams."""
        return self._pipeline.warm()

    def separate(self, task: Task, request: SeparationRequest) -> Iterator[SeparationEvent | Turn]:
        """Splits the task's clip into stems; see :meth:`Pipeline.separate`."""
        return self._pipeline.separate(Recorded(task), request)

    def separate_live(self, task: LiveTask, request: SeparationRequest) -> Iterator[SeparationEvent | Turn]:
        """Splits a clip while it is being sent; see :meth:`Pipeline.separate`.

        The level of the whole mix is not known; a model that computes with it goes by the level so far, and the
        summary's parameter ``mode`` says ``live``.
        """
        return self._pipeline.separate(Arriving(task), request)
