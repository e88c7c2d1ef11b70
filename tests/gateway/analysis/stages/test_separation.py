"""The stage that asks for stems: which, and what of them comes back to the caller."""

from __future__ import annotations

from typing import Any

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from tests.gateway.conftest import Gateway, Peers


async def test_only_the_vocals_are_asked_for_where_nobody_wants_stems(gateway: Gateway, peers: Peers) -> None:
    answer = await gateway.analyze(stages=["separation", "speech", "essentia"])
    (heard,) = peers.separation.heard
    assert list(heard.config.stems) == ["vocals"]
    assert heard.config.output_encoding == audio_pb2.OUTPUT_ENCODING_FLAC
    assert answer.of("stem_header") == answer.of("stem_chunk") == []


async def test_stems_come_back_byte_for_byte(gateway: Gateway, peers: Peers) -> None:
    answer = await gateway.analyze(return_stems=True)
    (header,) = answer.of("stem_header")
    assert list(header.stems) == ["vocals", "accompaniment"]
    assert joined(answer.of("stem_chunk")) == peers.separation.stems


async def test_vocals_fetched_for_speech_alone_are_not_sent_back(gateway: Gateway, peers: Peers) -> None:
    config = separation_pb2.SeparationConfig(stems=["accompaniment"])
    answer = await gateway.analyze(return_stems=True, separation=config)
    assert list(peers.separation.heard[0].config.stems) == ["accompaniment", "vocals"]
    assert list(answer.of("stem_header")[0].stems) == ["accompaniment"]
    assert joined(answer.of("stem_chunk")) == {"accompaniment": peers.separation.stems["accompaniment"]}
    assert answer.report("speech").input == "separation.vocals"


def joined(chunks: list[Any]) -> dict[str, bytes]:
    """Joins each stem's chunks."""
    result: dict[str, bytes] = {}
    for message in chunks:
        data = result.setdefault(message.stem, b"")
        assert message.chunk.byte_offset == len(data)
        result[message.stem] = data + message.chunk.data
    return result
