"""Answers: each event taken out of its envelope, audio checked byte by byte, the end checked for wholeness."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_client.errors import from_error
from antiphon_wire.calls import Ending
from antiphon_wire.chunks import PartCheck
from antiphon_wire.errors import AntiphonError
from antiphon_wire.rpcs import StreamRpc

Event = TypeVar("Event")


class Answer(Generic[Event]):
    """The state of one answer while it comes in.

    Args:
        rpc: The call that is answered.
        target: Address that answers, for messages.
    """

    def __init__(self, rpc: StreamRpc[Event], target: str) -> None:
        self._ending = Ending(rpc.last, target, target=target)
        self._stems: dict[str, PartCheck] = {}
        self._summary: separation_pb2.SeparationSummary | None = None
        self._pieces: dict[int, PartCheck] = {}
        self._generated: generation_pb2.GenerationSummary | None = None

    @property
    def begun(self) -> bool:
        """Whether any part of the answer has come."""
        return self._ending.begun

    def accept(self, response: Any) -> Event | None:
        """Takes the next response; returns its event, or None for one that this client is too old to know.

        Raises:
            AntiphonClientError: STEM_OFFSET, STEM_CHECKSUM, STEM_AFTER_LAST; PIECE_… for a generated piece;
                SUMMARY_NOT_LAST where something follows the last event.
        """
        try:
            name = self._ending.take(response)
            if name is None:
                return None
            event = getattr(response, name)
            self._note(event)
        except AntiphonError as error:
            raise from_error(error) from None
        return cast(Event, event)

    def end(self) -> None:
        """Checks an answer whose stream has ended OK.

        Raises:
            AntiphonClientError: STREAM_INCOMPLETE, STEM_INCOMPLETE, STEM_DIGEST; PIECE_… for a generated piece.
        """
        try:
            self._ending.end()
            for piece in () if self._generated is None else self._generated.pieces:
                check = self._pieces.get(piece.piece) or PartCheck("piece", str(piece.piece))
                check.end(piece.byte_count, piece.sha256)
            # Without a chunk none were asked for: a record names stems that it does not send.
            for stem in self._summary.stems if self._summary is not None and self._stems else ():
                check = self._stems.get(stem.name) or PartCheck("stem", stem.name)
                check.end(stem.byte_count, stem.sha256)
        except AntiphonError as error:
            raise from_error(error) from None

    def _note(self, event: object) -> None:
        """Checks the audio that an event carries, and keeps what the audio is compared with at the end."""
        if isinstance(event, separation_pb2.SeparationHeader):
            # A stage that is tried again sends its stems again from the start.
            self._stems.clear()
        elif isinstance(event, separation_pb2.StemChunk):
            self._stems.setdefault(event.stem, PartCheck("stem", event.stem)).feed(event.chunk)
        elif isinstance(event, generation_pb2.PieceChunk):
            self._pieces.setdefault(event.piece, PartCheck("piece", str(event.piece))).feed(event.chunk)
        elif isinstance(event, generation_pb2.GenerationSummary):
            self._generated = event
        elif isinstance(event, separation_pb2.SeparationSummary):
            self._summary = event
        elif isinstance(event, record_pb2.AnalysisRecord) and event.HasField("separation"):
            self._summary = event.separation
