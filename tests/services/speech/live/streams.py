"""Live streams as a test sends them: samples as bytes in pieces, and what was made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_client import Client
from bench.speech_material import recordings
from chassis.family.host import FamilyHost

ONE_WORD = 2
"""Live, tiny.en may mishear a word of "he was not an ill-disposed young man"; one of them counts for two."""


def misheard(heard: str) -> int:
    """Word errors in that line."""
    return recordings.word_errors(recordings.LINES["0880"], heard)


def pcm(samples: np.ndarray) -> bytes:
    """Samples (n,) as 16-bit PCM."""
    return (samples * 32767).astype("<i2").tobytes()


def pieces(data: bytes, size: int = 6400) -> Iterator[bytes]:
    """The bytes in pieces; of 16-bit PCM at 16 kHz 0.2 s each."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def config(**more: Any) -> pb.StreamingRecognitionConfig:
    """Settings of a stream of such PCM, and others by name."""
    format_ = audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=16_000, channel_count=1
    )
    return pb.StreamingRecognitionConfig(**{"audio_format": format_, **more})


async def ready(host: FamilyHost) -> None:
    """Waits until the live worker is up: what is measured from then on is not its start."""
    async with asyncio.timeout(60):
        while not host.live.ready:
            await asyncio.sleep(0.01)


async def whole(client: Client, data: bytes) -> str:
    """The text of a stream that is sent at once."""
    events = [event async for event in client.recognize(pieces(data), config())]
    return "".join(event.text for event in events if isinstance(event, pb.FinalResult))
