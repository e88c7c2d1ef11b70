"""Answers: each event taken out of its envelope, audio checked byte by byte, the end checked for wholeness."""

from __future__ import annotations

import hashlib
from typing import Any, Generic, TypeVar, cast

import google_crc32c

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_client.errors import AntiphonClientError, damaged, incomplete
from antiphon_wire.rpcs import StreamRpc

Event = TypeVar("Event")


class Answer(Generic[Event]):
    """The state of one answer while it comes in."""

    def __init__(self, rpc: StreamRpc[Event], target: str) -> None:
        self._rpc = rpc
        self._target = target
        self._stems: dict[str, _Check] = {}
        self._summary: separation_pb2.SeparationSummary | None = None
        self._pieces: dict[int, _Check] = {}
        self._generated: generation_pb2.GenerationSummary | None = None
        self._whole = False
        self.begun = False

    def accept(self, response: Any) -> Event | None:
        """Takes the next response; returns its event, or None for one that this client is too old to know.

        Raises:
            AntiphonClientError: STEM_OFFSET, STEM_CHECKSUM, STEM_AFTER_LAST; PIECE_… for a generated piece.
        """
        self.begun = True
        name = response.WhichOneof("event")
        if name is None:
            return None
        event = getattr(response, name)
        self._whole = self._whole or name == self._rpc.last
        if isinstance(event, separation_pb2.SeparationHeader):
            # A stage that is tried again sends its stems again from the start.
            self._stems.clear()
        elif isinstance(event, separation_pb2.StemChunk):
            self._stems.setdefault(event.stem, _Check("stem", event.stem)).feed(event.chunk)
        elif isinstance(event, generation_pb2.PieceChunk):
            self._pieces.setdefault(event.piece, _Check("piece", str(event.piece))).feed(event.chunk)
        elif isinstance(event, generation_pb2.GenerationSummary):
            self._generated = event
        elif isinstance(event, separation_pb2.SeparationSummary):
            self._summary = event
        elif isinstance(event, record_pb2.AnalysisRecord) and event.HasField("separation"):
            self._summary = event.separation
        return cast(Event, event)

    def end(self) -> None:
        """Checks an answer whose stream has ended OK.

        Raises:
            AntiphonClientError: STREAM_INCOMPLETE, STEM_INCOMPLETE, STEM_DIGEST; PIECE_… for a generated piece.
        """
        if not self._whole:
            raise incomplete(self._target, self._rpc.last)
        for piece in () if self._generated is None else self._generated.pieces:
            self._pieces.get(piece.piece, _Check("piece", str(piece.piece))).end(piece)
        if self._summary is None or not self._stems:
            return
        for stem in self._summary.stems:
            self._stems.get(stem.name, _Check("stem", stem.name)).end(stem)


class _Check:
    """Checks one stream of bytes, a ``stem`` or a ``piece``, while it comes."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind = kind
        self._name = name
        self._digest = hashlib.sha256()
        self._count = 0
        self._finished = False

    def feed(self, chunk: audio_pb2.AudioChunk) -> None:
        data = chunk.data
        if self._finished:
            raise self._damaged("AFTER_LAST", f"a chunk of {self._words} came after its last one")
        if chunk.byte_offset != self._count:
            raise self._damaged(
                "OFFSET",
                f"a chunk of {self._words} has byte_offset {chunk.byte_offset}, but {self._count} bytes came before it",
                byte_offset=chunk.byte_offset,
                expected=self._count,
            )
        if chunk.HasField("crc32c") and google_crc32c.value(data) != chunk.crc32c:
            raise self._damaged(
                "CHECKSUM",
                f"the chunk of {self._words} at {chunk.byte_offset} does not have the CRC-32C {chunk.crc32c:#010x}",
                byte_offset=chunk.byte_offset,
            )
        self._digest.update(data)
        self._count += len(data)
        self._finished = chunk.last

    def end(self, whole: separation_pb2.Stem | generation_pb2.Piece) -> None:
        if not self._finished:
            raise self._damaged(
                "INCOMPLETE",
                f"{self._words} ended after {self._count} of {whole.byte_count} bytes",
                byte_count=self._count,
                expected=whole.byte_count,
            )
        if whole.sha256 and self._digest.digest() != whole.sha256:
            raise self._damaged(
                "DIGEST", f"{self._words} has SHA-256 {self._digest.hexdigest()}, not {whole.sha256.hex()}"
            )

    @property
    def _words(self) -> str:
        return self._name if self._kind == "stem" else f"{self._kind} {self._name}"

    def _damaged(self, reason: str, message: str, **metadata: object) -> AntiphonClientError:
        return damaged(f"{self._kind.upper()}_{reason}", message, **{self._kind: self._name}, **metadata)
