"""An upload's messages in any order and damage: what is accepted is one gapless upload, whole and with its digest."""

from __future__ import annotations

import asyncio
import atexit
import functools
import hashlib
from collections.abc import AsyncIterator

import google_crc32c
from google.protobuf.message import DecodeError

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb
from antiphon_wire.errors import AntiphonError
from chassis.spool import Spool
from chassis.upload import Upload
from chassis.upload_limits import UploadLimits
from fuzz.scratch import scratch
from fuzz.target import FindingError, Target

_SPLIT = b"\x00\xfe\xfe\x00"
"""Stands between messages of an input."""
_CODES = ("INVALID_ARGUMENT", "DATA_LOSS")


def _joined(*messages: pb.AnalyzeRequest) -> bytes:
    return _SPLIT.join(message.SerializeToString() for message in messages)


def _chunk(data: bytes, offset: int, last: bool = False, checked: bool = True) -> pb.AnalyzeRequest:
    crc = int(google_crc32c.value(data)) if checked else None
    return pb.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last, crc32c=crc))


def _config(total_bytes: int | None = None, content: bytes | None = None) -> pb.AnalyzeRequest:
    digest = None if content is None else hashlib.sha256(content).digest()
    announced = audio_pb2.AudioFormat(total_bytes=total_bytes, content_sha256=digest)
    return pb.AnalyzeRequest(config=pb.AnalysisConfig(audio_format=announced))


def _seeds() -> list[bytes]:
    chunks = [_chunk(b"abcd", 0), _chunk(b"efgh", 4, checked=False), _chunk(b"", 8, last=True)]
    return [
        _joined(_config(), *chunks),
        _joined(_config(8, b"abcdefgh"), *chunks),
        _joined(_config(4), _chunk(b"wxyz", 0, last=True)),
        _joined(_config()),
    ]


def _accepts(data: bytes) -> bool:
    messages = []
    for part in data.split(_SPLIT)[:64]:
        try:
            messages.append(pb.AnalyzeRequest.FromString(part))
        except DecodeError:
            return False
    try:
        sent = asyncio.run(_received(messages))
    except AntiphonError as error:
        if error.code not in _CODES:
            raise FindingError(f"a refusal is {error.code} {error.reason}") from error
        return False
    chunks = [message.chunk.data for message in messages[1:] if message.WhichOneof("payload") == "chunk"]
    if not b"".join(chunks).startswith(sent):
        raise FindingError("what was spooled is not what was sent")
    return True


async def _received(messages: list[pb.AnalyzeRequest]) -> bytes:
    async def requests() -> AsyncIterator[pb.AnalyzeRequest]:
        for message in messages:
            yield message

    async with Upload[pb.AnalysisConfig](requests(), _spool(), UploadLimits(idle_seconds=60)) as upload:
        sent = (await upload.audio()).path.read_bytes()
    if (len(sent), hashlib.sha256(sent).digest()) != (upload.byte_count, upload.sha256):
        raise FindingError("the size or the digest is not that of the bytes")
    return sent


@functools.cache
def _spool() -> Spool:
    spool = Spool(scratch(), 10_000_000, 5_000_000)
    atexit.register(spool.close)
    return spool


TARGET = Target("upload", _seeds, _accepts, (_SPLIT, _chunk(b"ijkl", 8).SerializeToString(), _SPLIT * 2))
