"""Messages into requests, and what a job tells into responses."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, cast

import google_crc32c
import pytest
from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon_wire.chunks import Cutter
from antiphon_wire.errors import AntiphonError
from chassis.encodings import Encoding
from chassis.family.call import Call
from chassis.reports import SourceReport, WarningReport, WorkReport
from services.separation import messages
from services.separation.contract import Header, SeparationRequest, StemBlock, StemReport, Summary, Tuning

SOURCE = SourceReport("wav", "pcm_s16le", 48_000, 2, 96_000, b"\1" * 32)
WORK = WorkReport("dsp", None, "cpu", "float32")


class ScriptedCall:
    """A call that knows its source and its provenance."""

    def source(self, report: SourceReport) -> audio_pb2.SourceAudio:
        """The source's rate, as a sign that it was asked."""
        return audio_pb2.SourceAudio(sample_rate_hertz=report.sample_rate)

    def provenance(
        self, work: WorkReport, source: SourceReport, config: pb.SeparationConfig
    ) -> evidence_pb2.Provenance:
        """The engine's name, as a sign that it was asked."""
        return evidence_pb2.Provenance(engine=work.engine)


CALL = cast(Call, ScriptedCall())


def test_every_choice_of_a_config_reaches_the_job() -> None:
    config = pb.SeparationConfig(
        model="htdemucs",
        stems=["vocals", "no_vocals"],
        output_encoding=audio_pb2.OUTPUT_ENCODING_OPUS,
        output_sample_rate_hertz=48_000,
        clip_mode=pb.CLIP_MODE_RESCALE,
        shifts=2,
        overlap=0.5,
        segment=Duration(seconds=4, nanos=500_000_000),
        seed=-7,
        keep_tags=True,
        output_options=audio_pb2.OutputOptions(bit_rate_kbps=48),
    )
    tuning = Tuning(shifts=2, overlap=0.5, segment_seconds=4.5, seed=-7)
    asked = SeparationRequest(
        "htdemucs", ("vocals", "no_vocals"), Encoding("opus", kilobits=48, tags=True), tuning, 48_000, rescale=True
    )
    assert messages.separation_request(config) == asked
    assert messages.separation_request(pb.SeparationConfig()) == SeparationRequest()
    zeros = messages.separation_request(pb.SeparationConfig(shifts=0, overlap=0.0, seed=0)).tuning
    assert zeros == Tuning(shifts=0, overlap=0.0, seed=0), "given as nothing is not the same as not given"


@pytest.mark.parametrize(
    ("config", "rate"),
    [({}, None), ({"keep_sample_rate": True}, 0), ({"keep_sample_rate": False}, None)],
)
def test_the_rate_is_the_models_unless_that_of_the_source_is_to_be_kept(
    config: dict[str, Any], rate: int | None
) -> None:
    assert messages.output_sample_rate(pb.SeparationConfig(**config)) == rate


@pytest.mark.parametrize(
    ("config", "reason", "field"),
    [
        ({"output_encoding": 99}, "OUTPUT_ENCODING", "config.output_encoding"),
        ({"output_options": {"bit_rate_kbps": 64}}, "OUTPUT_OPTIONS", "config.output_options.bit_rate_kbps"),
        ({"output_options": {"bits_per_sample": 8}}, "OUTPUT_OPTIONS", "config.output_options.bits_per_sample"),
        ({"clip_mode": 99}, "CLIP_MODE", "config.clip_mode"),
        ({"output_sample_rate_hertz": 3_999}, "OUTPUT_SAMPLE_RATE", "config.output_sample_rate_hertz"),
        ({"output_sample_rate_hertz": 384_001}, "OUTPUT_SAMPLE_RATE", "config.output_sample_rate_hertz"),
        ({"shifts": 21}, "SHIFTS", "config.shifts"),
    ],
)
def test_what_no_separation_can_have_is_refused_by_its_field(config: dict[str, Any], reason: str, field: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        messages.separation_request(pb.SeparationConfig(**config))
    assert (caught.value.code, caught.value.reason, caught.value.field) == ("INVALID_ARGUMENT", reason, field)


def test_a_clip_of_a_live_mix_is_refused() -> None:
    assert messages.live_request(pb.SeparationConfig(model="tiny")).model == "tiny"
    with pytest.raises(AntiphonError, match="CLIP_RANGE"):
        messages.live_request(pb.SeparationConfig(clip=audio_pb2.ClipRange()))


@pytest.mark.parametrize(
    ("forms", "response"),
    [
        (messages.separate_forms, pb.SeparateResponse),
        (messages.streaming_separate_forms, pb.StreamingSeparateResponse),
    ],
)
def test_everything_that_a_job_tells_has_a_place_in_the_response(forms: Any, response: Any) -> None:
    table = forms(CALL, pb.SeparationConfig())
    events = [
        evidence_pb2.Progress(step="separating"),
        Header(SOURCE, ("vocals",), "flac", 44_100, 2),
        StemBlock("vocals", b"data", 0),
        Summary(SOURCE, (), WORK),
    ]
    answers = [table[type(event)](event) for event in events]
    assert {type(answer) for answer in answers} == {response}
    assert [answer.WhichOneof("event") for answer in answers] == ["progress", "header", "stem_chunk", "summary"]


def test_a_header_says_what_will_be_sent() -> None:
    assert messages.header(Header(SOURCE, ("drums", "bass"), "mp3", 48_000, 2), CALL) == pb.SeparationHeader(
        source=audio_pb2.SourceAudio(sample_rate_hertz=48_000),
        stems=["drums", "bass"],
        encoding=audio_pb2.OUTPUT_ENCODING_MP3,
        sample_rate_hertz=48_000,
        channel_count=2,
    )


def test_the_pieces_of_each_stem_are_counted_by_themselves() -> None:
    cutters: dict[str, Cutter] = defaultdict(Cutter)
    pieces = [
        StemBlock("a", b"123", 0),
        StemBlock("b", b"45", 0),
        StemBlock("a", b"6", 9),
        StemBlock("a", b"", 9, True),
    ]
    chunks = [messages.stem_chunk(piece, cutters) for piece in pieces]
    assert [(each.stem, each.chunk.byte_offset, each.chunk.last) for each in chunks] == [
        ("a", 0, False),
        ("b", 0, False),
        ("a", 3, False),
        ("a", 4, True),
    ]
    assert [each.chunk.crc32c for each in chunks] == [google_crc32c.value(piece.data) for piece in pieces]


def test_a_summary_leaves_out_what_is_not_known() -> None:
    stem = StemReport("a", 10, 44_100, 2, "flac", 7, b"\2" * 32, None, None, None, None, None, 0)
    message = messages.summary(Summary(SOURCE, (stem,), WORK), CALL, pb.SeparationConfig())
    assert message.provenance.engine == "dsp"
    (told,) = message.stems
    for name in ("peak", "peak_dbfs", "rms_dbfs", "integrated_lufs", "energy_share"):
        assert not told.HasField(name)
    for name in ("sum_bound_db", "residual_energy_share", "gain_db"):
        assert not message.HasField(name)


def test_a_summary_tells_what_is_known() -> None:
    stem = StemReport("a", 10, 44_100, 2, "flac", 7, b"\2" * 32, 0.5, -6.0, -9.0, -10.0, 0.0, 3)
    warning = WarningReport("AUDIO_CORRUPT_PACKETS", "1 packet", "source")
    event = Summary(SOURCE, (stem,), WORK, (warning,), -120.0, 0.0, 0.5)
    message = messages.summary(event, CALL, pb.SeparationConfig())
    (told,) = message.stems
    assert (told.name, told.frame_count, told.byte_count, told.sha256) == ("a", 10, 7, b"\2" * 32)
    assert (told.peak, told.rms_dbfs, told.clipped_sample_count) == (0.5, -9.0, 3)
    assert told.HasField("energy_share")
    assert told.energy_share == 0.0
    assert message.HasField("residual_energy_share")
    assert message.sum_bound_db == -120.0
    assert message.gain_db == pytest.approx(20 * math.log10(0.5))
    assert [each.reason for each in message.warnings] == ["AUDIO_CORRUPT_PACKETS"]
