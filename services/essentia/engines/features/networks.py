"""The networks that some requests need: loaded on first use, kept from call to call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from antiphon_wire.errors import not_ready
from chassis.family.loading import naming
from services.essentia.contract import BASIC_PITCH, SWIFT_F0, AnalysisRequest

if TYPE_CHECKING:
    from chassis.models import Store
    from services.essentia.engines.features.notes import BasicPitch
    from services.essentia.engines.features.swift_f0 import SwiftF0


class Networks:
    """Loads from a store; without one, none is there.

    Args:
        models: The installed models.
        threads: Threads of each network.
    """

    def __init__(self, models: Store | None = None, threads: int = 1) -> None:
        self._models, self._threads = models, threads
        self._swift_f0: SwiftF0 | None = None
        self._basic_pitch: BasicPitch | None = None

    def prepare(self, request: AnalysisRequest) -> None:
        """Loads what a request needs, before any work is done on it.

        Raises:
            AntiphonError: MODEL_NOT_INSTALLED, MODEL_CORRUPT, MODEL_UNREADABLE.
        """
        for name in request.networks():
            self.swift_f0() if name == SWIFT_F0 else self.basic_pitch()

    def swift_f0(self) -> SwiftF0:
        """Gives the network that follows one voice."""
        if self._swift_f0 is None:
            # ONNX Runtime is loaded where a network is asked for, and else never.
            from services.essentia.engines.features.swift_f0 import SwiftF0

            model = self._store(SWIFT_F0).require(SWIFT_F0)
            with naming(model):
                self._swift_f0 = SwiftF0(model.files["model.onnx"], self._threads)
        return self._swift_f0

    def basic_pitch(self) -> BasicPitch:
        """Gives the network that finds the notes of all voices."""
        if self._basic_pitch is None:
            from services.essentia.engines.features.notes import BasicPitch

            model = self._store(BASIC_PITCH).require(BASIC_PITCH)
            with naming(model):
                self._basic_pitch = BasicPitch(model.files["nmp.onnx"], self._threads)
        return self._basic_pitch

    def _store(self, name: str) -> Store:
        if self._models is None:
            command = f"antiphon models pull {name}"
            raise not_ready(
                "MODEL_NOT_INSTALLED",
                f"the model {name!r} is not installed; install it with: {command}",
                model=name,
                command=command,
            )
        return self._models
