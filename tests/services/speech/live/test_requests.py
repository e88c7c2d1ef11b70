"""What a caller of StreamingRecognize may ask: each setting arrives, and what cannot be is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_client import AntiphonClientError
from bench.speech_material import recordings
from chassis.models import Store
from services.speech import messages
from services.speech.live.contract import Endpointing, LiveRequest
from tests.services.speech.live.streams import config, pcm, pieces, whole
from tests.services.speech.running_service import serving


def test_every_setting_of_a_stream_reaches_its_session() -> None:
    given = pb.StreamingRecognitionConfig(
        model="whisper-tiny.en",
        language_code="en",
        interim_results=False,
        word_times=False,
        initial_prompt="Jane Austen",
        endpointing={
            "end_silence": {"nanos": 500_000_000},
            "min_speech": {"nanos": 250_000_000},
            "max_utterance": {"seconds": 20},
        },
    )
    assert messages.live_request(given) == LiveRequest(
        "whisper-tiny.en", "en", False, False, "Jane Austen", Endpointing(0.5, 0.25, 20.0)
    )
    assert messages.live_request(pb.StreamingRecognitionConfig()) == LiveRequest()


F32 = {
    "audio_format": audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_F32LE, sample_rate_hertz=16_000, channel_count=1
    )
}
CONTAINER = {"audio_format": audio_pb2.AudioFormat()}
OGG = b"OggS" + bytes(range(256)) * 100
REFUSED: dict[str, tuple[dict[str, Any], bytes, str]] = {
    "language": ({"language_code": "xx"}, b"\0\0", "UNKNOWN_LANGUAGE"),
    "language of another model": ({"language_code": "de"}, b"\0\0", "LANGUAGE_NOT_SUPPORTED"),
    "model": ({"model": "whisper-huge"}, b"\0\0", "UNKNOWN_MODEL"),
    "prompt": ({"initial_prompt": "x" * 1001}, b"\0\0", "PROMPT_TOO_LONG"),
    "end of silence": ({"endpointing": {"end_silence": {"nanos": 1}}}, b"\0\0", "ENDPOINTING"),
    "least speech": ({"endpointing": {"min_speech": {"seconds": 3}}}, b"\0\0", "ENDPOINTING"),
    "longest utterance": ({"endpointing": {"max_utterance": {"seconds": 301}}}, b"\0\0", "ENDPOINTING"),
    "odd byte count": ({}, bytes(3201), "AUDIO_UNDECODABLE"),
    "quarter of a sample": (F32, bytes(4097), "AUDIO_UNDECODABLE"),
    "not a number": (F32, np.full(100, np.nan, "<f4").tobytes(), "AUDIO_NOT_FINITE"),
    "garbage after Ogg's mark": (CONTAINER, OGG, "AUDIO_UNDECODABLE"),
    "text": (CONTAINER, b"not audio at all " * 1000, "AUDIO_UNDECODABLE"),
    "rate too low": (
        {"audio_format": {"encoding": 2, "sample_rate_hertz": 3_999, "channel_count": 1}},
        b"\0\0",
        "AUDIO_SAMPLE_RATE",
    ),
    "rate too high": (
        {"audio_format": {"encoding": 2, "sample_rate_hertz": 384_001, "channel_count": 1}},
        b"\0\0",
        "AUDIO_SAMPLE_RATE",
    ),
    "channels": (
        {"audio_format": {"encoding": 2, "sample_rate_hertz": 16_000, "channel_count": 9}},
        bytes(18),
        "AUDIO_CHANNEL_COUNT",
    ),
    "rate of a container": ({"audio_format": {"sample_rate_hertz": 16_000}}, OGG, "AUDIO_FORMAT"),
    "no such encoding": ({"audio_format": {"encoding": 9}}, b"\0\0", "AUDIO_FORMAT"),
    "nothing": ({}, b"", "UPLOAD_EMPTY"),
}


@pytest.mark.weights
async def test_what_cannot_be_heard_is_refused_and_the_next_stream_is_heard(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    refused = {}
    async with serving(store, tmp_path, unused_tcp_port, live_streams=2) as (client, host):
        for name, (settings, data, _) in REFUSED.items():
            with pytest.raises(AntiphonClientError) as caught:
                [event async for event in client.recognize(pieces(data), config(**settings))]
            refused[name] = (caught.value.code, caught.value.reason)
        assert "young man" in await whole(client, pcm(recordings.line("0880")))
        assert (host.live.admitted, host.live.restarts) == (0, 0)
    assert refused == {name: ("INVALID_ARGUMENT", reason) for name, (_, _, reason) in REFUSED.items()}
