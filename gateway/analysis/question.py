"""What a stage is asked, whom it may ask, and what it leaves for the stages that wait for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.rpcs import StreamRpc
from chassis.spool import Spool
from gateway.recording import Recording

Event = TypeVar("Event")


class Service(Protocol):
    """A service as an analysis sees it: a call that takes a recording and yields events.

    :meth:`gateway.service_call.Route.call` is one over gRPC; any asynchronous generator function of this form is one.
    """

    def __call__(
        self, rpc: StreamRpc[Event], config: Any, recording: Recording, timeout: float, /
    ) -> AsyncGenerator[Event | evidence_pb2.Progress, None]:
        """Yields the events of an answer, the summary last; closing the iterator cancels the call.

        A service that is waited for first tells so as progress.

        Args:
            rpc: The call to make.
            config: Its settings; the call sets their ``audio_format``.
            recording: What to listen to.
            timeout: Seconds that the call may take.

        Raises:
            CallFailure: the service failed, was lost, or ended its answer without a summary.
        """
        ...


class Outputs:
    """What one stage leaves on disk for the stages that wait for it.

    Args:
        spool: Where the files go.
        kept: Outputs that somebody waits for, by name.

    Attributes:
        recordings: The outputs, by name; set by the stage once they are whole.
    """

    def __init__(self, spool: Spool, kept: Collection[str]) -> None:
        self.spool = spool
        self.kept = tuple(kept)
        self.recordings: Mapping[str, Recording] = {}
        self._removals: list[Callable[[], None]] = []

    def on_close(self, remove: Callable[[], None]) -> None:
        """Has the files of the present attempt removed when this is closed."""
        self._removals.append(remove)

    def close(self) -> None:
        """Removes the files; the next attempt, where there is one, begins with none."""
        self.recordings = {}
        while self._removals:
            self._removals.pop()()


@dataclass(frozen=True)
class Question:
    """What a stage is asked.

    Attributes:
        service: Who answers.
        config: The caller's.
        input: Name of what it listens to, such as ``separation.vocals``.
        recordings: The same on disk, by output; several only where it listens to all outputs of a stage.
        outputs: Where to leave what others wait for.
        timeout: Seconds left for the answer.
        parts: What the stages said that this one uses besides, as far as they succeeded.
    """

    service: Service
    config: analysis_pb2.AnalysisConfig
    input: str
    recordings: Mapping[str, Recording]
    outputs: Outputs
    timeout: float
    parts: Mapping[str, Message] = field(default_factory=dict)

    @property
    def recording(self) -> Recording:
        """The one recording that it listens to."""
        (recording,) = self.recordings.values()
        return recording

    def call(self, rpc: StreamRpc[Event], config: Any) -> AsyncGenerator[Event | evidence_pb2.Progress, None]:
        """Calls the service with the one recording and all the time that is left; see :class:`Service`."""
        return self.service(rpc, config, self.recording, self.timeout)
