"""The networks that features rest on: loaded on first use, kept from call to call.

Some must be there, for a caller asked for what they give; those of the starter set are used as far as they are
installed, and what they would give is absent with a warning where they are not. Those under terms that an operator has
to choose are used where they were installed, and nobody is told of them where they were not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.family.loading import naming
from chassis.load_times import timed
from chassis.reports import WarningReport
from services.essentia.contract import BASIC_PITCH, BEATNET, MADMOM_CHORDS, MADMOM_KEY, SWIFT_F0, AnalysisRequest

if TYPE_CHECKING:
    from chassis.models import Store
    from chassis.reports import ModelReport
    from services.essentia.engines.features.notes import BasicPitch
    from services.essentia.engines.features.swift_f0 import SwiftF0
    from services.essentia.networks.beats import BeatNetwork
    from services.essentia.networks.chords import ChordNetwork
    from services.essentia.networks.keys import KeyNetwork

Network = TypeVar("Network")
Files = Mapping[str, Path]

UNUSABLE = frozenset(
    {"UNKNOWN_MODEL", "MODEL_NOT_INSTALLED", "MODEL_CORRUPT", "MODEL_UNREADABLE", "MODEL_GRAPH", "LICENCE_REFUSED"}
)
"""Reasons for which an analysis goes on without a network; an operator's own manifest may have no row for it."""

DAMAGED = frozenset({"MODEL_CORRUPT", "MODEL_UNREADABLE", "MODEL_GRAPH"})
"""Reasons for which even what a caller asked for is absent, and the rest stands; what is missing is refused at once."""

NOT_CHOSEN = frozenset({"UNKNOWN_MODEL", "MODEL_NOT_INSTALLED", "LICENCE_REFUSED"})
"""Those of them that an operator is responsible for where a network is not part of the starter set."""


class Networks:
    """Loads from a store; without one, none is there.

    Args:
        models: The installed models.
        threads: Threads of each network.
    """

    def __init__(self, models: Store | None = None, threads: int = 1) -> None:
        self._models, self._threads = models, threads
        self._loaded: dict[str, tuple[object, ModelReport]] = {}
        self._used: dict[str, ModelReport] = {}

    @property
    def used(self) -> tuple[ModelReport, ...]:
        """The networks that were asked for since :meth:`begin`."""
        return tuple(self._used.values())

    def license_of(self, name: str) -> str:
        """Gives the licence of the weights of a network that was used, an SPDX identifier."""
        return self._used[name].license_spdx

    def begin(self, request: AnalysisRequest) -> None:
        """Begins with an analysis: loads what was asked for, before any work; what is damaged is told where it is used.

        Raises:
            AntiphonError: MODEL_NOT_INSTALLED, LICENCE_REFUSED.
        """
        self._used.clear()
        for name in request.networks():
            try:
                self.swift_f0() if name == SWIFT_F0 else self.basic_pitch()
            except AntiphonError as error:
                if error.reason not in DAMAGED:
                    raise

    def swift_f0(self) -> SwiftF0:
        """Gives the network that follows one voice; raises as :meth:`begin`, and for the reasons in DAMAGED."""
        # ONNX Runtime is loaded where a network is asked for, and else never.
        from services.essentia.engines.features.swift_f0 import SwiftF0

        return self._network(SWIFT_F0, lambda files: SwiftF0(files["model.onnx"], self._threads))

    def basic_pitch(self) -> BasicPitch:
        """Gives the network that finds the notes of all voices; raises as :meth:`swift_f0`."""
        from services.essentia.engines.features.notes import BasicPitch

        return self._network(BASIC_PITCH, lambda files: BasicPitch(files["nmp.onnx"], self._threads))

    def beats(self, field: str) -> BeatNetwork | WarningReport:
        """Gives the networks that hear beats and downbeats, or why ``field`` of the answer is absent."""
        from services.essentia.networks.beats import BeatNetwork

        return self._if_there(BEATNET, field, lambda files: BeatNetwork(files["beatnet.onnx"], self._threads))

    def keys(self, field: str) -> KeyNetwork | WarningReport | None:
        """Gives the network that hears keys, or why ``field`` of the answer is absent; None where nobody chose it."""
        from services.essentia.networks.keys import KeyNetwork

        return self._if_chosen(MADMOM_KEY, field, lambda files: KeyNetwork(files["madmom-key.onnx"], self._threads))

    def chords(self, field: str) -> ChordNetwork | WarningReport | None:
        """Gives the network that hears chords, or why ``field`` of the answer is absent; None where nobody chose it."""
        from services.essentia.networks.chords import ChordNetwork

        def make(files: Files) -> ChordNetwork:
            return ChordNetwork(files["madmom-chords.onnx"], files["madmom-chords.npy"], self._threads)

        return self._if_chosen(MADMOM_CHORDS, field, make)

    def _if_chosen(self, name: str, field: str, make: Callable[[Files], Network]) -> Network | WarningReport | None:
        found = self._if_there(name, field, make)
        return None if isinstance(found, WarningReport) and found.reason in NOT_CHOSEN else found

    def _if_there(self, name: str, field: str, make: Callable[[Files], Network]) -> Network | WarningReport:
        try:
            return self._network(name, make)
        except AntiphonError as error:
            if error.reason not in UNUSABLE:
                raise
            return WarningReport(error.reason, error.message, field)

    def _network(self, name: str, make: Callable[[Files], Network]) -> Network:
        if name not in self._loaded:
            model = self._store(name).require(name)
            with naming(model), timed(name):
                self._loaded[name] = make(model.files), model.report()
        network, self._used[name] = self._loaded[name]
        return network  # type: ignore[return-value]  # of the name's own kind, which the table does not know

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
