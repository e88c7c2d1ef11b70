"""Answers: each event taken out of its envelope, stems checked byte by byte, the end checked for wholeness."""

from __future__ import annotations

import hashlib
from typing import Any, Generic, TypeVar, cast

import google_crc32c

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_client.errors import damaged, incomplete
from antiphon_client.rpcs import StreamRpc

Event = TypeVar("Event")


class Answer(Generic[Event]):
    """The state of one answer while it comes in."""

    def __init__(self, rpc: StreamRpc[Event], target: str) -> None:
        self._rpc = rpc
        self._target = target
        self._stems: dict[str, _StemCheck] = {}
        self._summary: separation_pb2.SeparationSummary | None = None
        self._whole = False
        self.begun = False

    def accept(self, response: Any) -> Event | None:
        """Takes the next response; returns its event, or None for one that this client is too old to know.

        Raises:
            AntiphonClientError: STEM_OFFSET, STEM_CHECKSUM, STEM_AFTER_LAST.
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
            self._stems.setdefault(event.stem, _StemCheck(event.stem)).feed(event)
        elif isinstance(event, separation_pb2.SeparationSummary):
            self._summary = event
        elif isinstance(event, record_pb2.AnalysisRecord) and event.HasField("separation"):
            self._summary = event.separation
        return cast(Event, event)

    def end(self) -> None:
        """Checks an answer whose stream has ended OK.

        Raises:
            AntiphonClientError: STREAM_INCOMPLETE, STEM_INCOMPLETE, STEM_DIGEST.
        """
        if not self._whole:
            raise incomplete(self._target, self._rpc.last)
        if self._summary is None or not self._stems:
            return
        for stem in self._summary.stems:
            self._stems.get(stem.name, _StemCheck(stem.name)).end(stem)


class _StemCheck:
    def __init__(self, name: str) -> None:
        self._name = name
        self._digest = hashlib.sha256()
        self._count = 0
        self._finished = False

    def feed(self, event: separation_pb2.StemChunk) -> None:
        chunk = event.chunk
        data = chunk.data
        if self._finished:
            raise damaged("STEM_AFTER_LAST", f"a chunk of {self._name} came after its last one", stem=self._name)
        if chunk.byte_offset != self._count:
            raise damaged(
                "STEM_OFFSET",
                f"a chunk of {self._name} has byte_offset {chunk.byte_offset}, but {self._count} bytes came before it",
                stem=self._name,
                byte_offset=chunk.byte_offset,
                expected=self._count,
            )
        if chunk.HasField("crc32c") and google_crc32c.value(data) != chunk.crc32c:
            raise damaged(
                "STEM_CHECKSUM",
                f"the chunk of {self._name} at {chunk.byte_offset} does not have the CRC-32C {chunk.crc32c:#010x}",
                stem=self._name,
                byte_offset=chunk.byte_offset,
            )
        self._digest.update(data)
        self._count += len(data)
        self._finished = chunk.last

    def end(self, stem: separation_pb2.Stem) -> None:
        if not self._finished:
            raise damaged(
                "STEM_INCOMPLETE",
                f"{self._name} ended after {self._count} of {stem.byte_count} bytes",
                stem=self._name,
                byte_count=self._count,
                expected=stem.byte_count,
            )
        if stem.sha256 and self._digest.digest() != stem.sha256:
            raise damaged(
                "STEM_DIGEST",
                f"{self._name} has SHA-256 {self._digest.hexdigest()}, not {stem.sha256.hex()}",
                stem=self._name,
            )
