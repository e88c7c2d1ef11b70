"""Stems as they arrive: each checked for gaps and against its digest, some kept on disk for other stages."""

from __future__ import annotations

import logging
from collections.abc import Collection

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_wire.errors import AntiphonError, data_loss
from antiphon_wire.upload_check import UploadCheck
from chassis.spool import Spool, SpoolFile
from gateway.analysis.stage import EVERY
from gateway.recording import Recording

_log = logging.getLogger(__name__)

_RAW_INPUT = {
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: audio_pb2.INPUT_ENCODING_PCM_S16LE,
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: audio_pb2.INPUT_ENCODING_PCM_F32LE,
}


class StemIntake:
    """Takes the stem chunks of one separation.

    Args:
        spool: Where kept stems go.
        kept: Stems to keep, by name, or EVERY.
    """

    def __init__(self, spool: Spool, kept: Collection[str]) -> None:
        self._spool = spool
        self._kept = kept
        self._checks: dict[str, UploadCheck] = {}
        self._files: dict[str, SpoolFile] = {}
        self._dropped: set[str] = set()

    def take(self, message: separation_pb2.StemChunk) -> None:
        """Checks one chunk, and writes it where its stem is kept.

        A stem that the spool has no room for is given up, and the separation goes on: losing it costs another stage
        its better input, not the caller the stems.

        Raises:
            AntiphonError: the chunk does not follow the one before it.
        """
        stem, chunk = message.stem, message.chunk
        check = self._checks.setdefault(stem, UploadCheck())
        check.feed(chunk)
        if not {stem, EVERY} & set(self._kept) or stem in self._dropped:
            return
        if stem not in self._files:
            self._files[stem] = self._spool.file()
        try:
            self._files[stem].write(chunk.data)
        except (AntiphonError, OSError) as error:
            _log.warning("the %s stem could not be kept: %s", stem, error)
            self._files.pop(stem).remove()
            self._dropped.add(stem)

    def verify(self, summary: separation_pb2.SeparationSummary) -> None:
        """Compares what arrived with what the service says it sent.

        Raises:
            AntiphonError: STEM_DAMAGED for a stem that is not whole.
        """
        announced = {stem.name: stem for stem in summary.stems}
        for name in sorted(announced.keys() | self._checks.keys()):
            check, stem = self._checks.get(name), announced.get(name)
            if check is None or stem is None:
                where = "in its summary but not as chunks" if check is None else "as chunks but not in its summary"
                raise data_loss("STEM_DAMAGED", f"separation gave stem {name!r} {where}", stem=name)
            if not check.finished or check.byte_count != stem.byte_count or check.sha256 != stem.sha256:
                raise data_loss(
                    "STEM_DAMAGED",
                    f"{check.byte_count} of {stem.byte_count} bytes of stem {name!r} arrived, or with another SHA-256",
                    stem=name,
                    arrived=check.byte_count,
                    sent=stem.byte_count,
                )

    def recordings(
        self, header: separation_pb2.SeparationHeader, clip: audio_pb2.ClipRange | None
    ) -> dict[str, Recording]:
        """Gives the kept stems that are complete, by name; call after :meth:`verify`."""
        audio_format = audio_pb2.AudioFormat(encoding=audio_pb2.INPUT_ENCODING_CONTAINER)
        if header.encoding in _RAW_INPUT:
            audio_format = audio_pb2.AudioFormat(
                encoding=_RAW_INPUT[header.encoding],
                sample_rate_hertz=header.sample_rate_hertz,
                channel_count=header.channel_count,
            )
        result = {}
        for name, file in self._files.items():
            file.finish()
            if file.byte_count:
                result[name] = Recording(file.path, file.byte_count, self._checks[name].sha256, audio_format, clip)
        return result

    def remove(self) -> None:
        """Removes the kept stems from the spool; a second call does nothing."""
        for file in self._files.values():
            file.remove()
