"""One stem on standard output, for the next program of a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.outputs import standard
from antiphon_client import AntiphonClientError


class StemPipe:
    """Takes what :class:`antiphon_cli.separate.stems.StemFiles` takes, and passes the one stem on as it comes."""

    def __enter__(self) -> StemPipe:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, header: separation_pb2.SeparationHeader) -> None:
        """Checks that there is one stem.

        Raises:
            AntiphonClientError: STEM_COUNT for several; STEM_ENCODING for one that needs a file.
        """
        if len(header.stems) != 1:
            names = ", ".join(header.stems)
            message = f"one stem goes to standard output, and {names} are to come; choose one with --stems"
            raise AntiphonClientError("INVALID_ARGUMENT", "STEM_COUNT", message, {"stems": names})
        if header.encoding == audio_pb2.OUTPUT_ENCODING_AAC:
            message = "M4A can be read once it is a whole file; write it to one, or choose another --format"
            raise AntiphonClientError("INVALID_ARGUMENT", "STEM_ENCODING", message)

    def write(self, event: separation_pb2.StemChunk) -> None:
        """Passes a chunk on at once.

        Raises:
            StandardOutputGone: nobody reads any more, or there is no more room.
        """
        standard.send(event.chunk.data)

    def leaves_all(self, header: separation_pb2.SeparationHeader) -> bool:
        """Says that nothing is there already."""
        return False

    def commit(self, made: Iterable[separation_pb2.Stem]) -> list[Path]:
        """Returns no file: all has been passed on."""
        return []
