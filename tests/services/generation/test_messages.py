"""What a config says, as a request, and what a generation yields, as responses."""

from __future__ import annotations

from collections import defaultdict

import google_crc32c
import pytest
from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon_wire.chunks import Cutter
from antiphon_wire.errors import AntiphonError
from chassis.encodings import Encoding
from services.generation import messages
from services.generation.contract import MELODY, GenerationRequest, PieceBlock


def test_an_empty_config_asks_for_the_defaults() -> None:
    assert messages.generation_request(pb.GenerationConfig()) == GenerationRequest()


def test_every_field_of_a_config_is_read() -> None:
    config = pb.GenerationConfig(
        model="tiny",
        prompts=["calm", "wild"],
        pieces_per_prompt=2,
        duration=Duration(seconds=3, nanos=500_000_000),
        audio_role=pb.AUDIO_ROLE_MELODY,
        include_clip=True,
        negative_prompt="drums",
        temperature=0.0,
        top_k=0,
        top_p=0.5,
        guidance_scale=2.0,
        seed=0,
        output_encoding=audio_pb2.OUTPUT_ENCODING_FLAC,
        output_options=audio_pb2.OutputOptions(bits_per_sample=16),
        sample_rate_hertz=44_100,
    )
    # A zero that was set is no default: temperature, top_k and seed.
    assert messages.generation_request(config) == GenerationRequest(
        model="tiny",
        prompts=("calm", "wild"),
        pieces_per_prompt=2,
        seconds=3.5,
        audio_role=MELODY,
        include_clip=True,
        negative_prompt="drums",
        sampling={"temperature": 0.0, "top_k": 0, "top_p": 0.5, "guidance_scale": 2.0},
        seed=0,
        encoding=Encoding("flac", bits=16),
        sample_rate=44_100,
    )


@pytest.mark.parametrize(
    ("config", "reason", "field"),
    [
        (pb.GenerationConfig(output_encoding=99), "OUTPUT_ENCODING", "config.output_encoding"),  # type: ignore[arg-type]
        (pb.GenerationConfig(audio_role=99), "AUDIO_ROLE", "config.audio_role"),  # type: ignore[arg-type]
    ],
)
def test_a_number_that_an_enum_does_not_have_is_refused(config: pb.GenerationConfig, reason: str, field: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        messages.generation_request(config)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_the_chunks_of_each_piece_count_their_own_bytes() -> None:
    cutters: dict[int, Cutter] = defaultdict(Cutter)
    blocks = [PieceBlock(0, b"abc"), PieceBlock(1, b"de"), PieceBlock(0, b"f", last=True)]
    chunks = [messages.piece_chunk(block, cutters) for block in blocks]
    assert [(each.piece, each.chunk.byte_offset, each.chunk.last) for each in chunks] == [
        (0, 0, False),
        (1, 0, False),
        (0, 3, True),
    ]
    assert [each.chunk.crc32c for each in chunks] == [google_crc32c.value(block.data) for block in blocks]
