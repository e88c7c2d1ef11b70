"""Bad input: every RPC of every service answers with its exact code and reason, and serves the next call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio
from antiphon.separation.v1 import separation_service_pb2 as separation
from antiphon.speech.v1 import speech_service_pb2 as speech
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from antiphon_wire.errors import AntiphonError
from tests.e2e.conftest import MAX_AUDIO_SECONDS, STUBS, Stack
from tests.fixtures import recordings

FAMILIES = {
    "separation": (separation.SeparateRequest, separation.SeparationConfig),
    "speech": (speech.TranscribeRequest, speech.TranscriptionConfig),
    "essentia": (essentia.AnalyzeRequest, essentia.AnalysisConfig),
}
EVERYWHERE = {
    **FAMILIES,
    "llm_audio": (llm_audio.DescribeRequest, llm_audio.DescriptionConfig),
    "gateway": (analysis.AnalyzeRequest, analysis.AnalysisConfig),
}
GOOD = recordings.wav(recordings.tone(1.0))


@dataclass
class Upload:
    """What is sent: the format in the config, then the bytes, cut as ``cut`` says."""

    data: bytes = b""
    format_: dict[str, Any] = field(default_factory=dict)
    cut: Callable[[Any, Any, bytes], list[Any]] | None = None
    config: dict[str, Any] = field(default_factory=dict)


def proper(config: Any, make: Any, data: bytes) -> list[Any]:
    """Config, then chunks of 256 KiB."""
    size = 256 << 10
    chunks = []
    for at in range(0, max(len(data), 1), size):
        piece = data[at : at + size]
        chunks.append(make(chunk=audio_pb2.AudioChunk(data=piece, byte_offset=at, last=at + size >= len(data))))
    return [config, *chunks]


def pcm(samples: np.ndarray) -> bytes:
    return samples.T.astype("<f4").tobytes()


NAN = np.full((2, 44_100), np.nan, np.float32)
FLOAT = {"encoding": audio_pb2.INPUT_ENCODING_PCM_F32LE, "sample_rate_hertz": 44_100, "channel_count": 2}
BOMB = recordings.encoded(np.zeros((2, 44_100 * (MAX_AUDIO_SECONDS + 20)), np.float32), "flac", "flac")
SONG_LIKE = recordings.encoded(recordings.tone(3.0), "mp3", "libmp3lame")

# What the upload's own checks refuse, the same on every server, the gateway included.
TRANSPORT: dict[str, tuple[Upload, tuple[str, str]]] = {
    "nothing at all": (Upload(cut=lambda c, m, d: []), ("INVALID_ARGUMENT", "CONFIG_MISSING")),
    "no config": (Upload(GOOD, cut=lambda c, m, d: proper(c, m, d)[1:]), ("INVALID_ARGUMENT", "CONFIG_MISSING")),
    "config twice": (Upload(GOOD, cut=lambda c, m, d: [c, c]), ("INVALID_ARGUMENT", "CONFIG_REPEATED")),
    "no chunks": (Upload(cut=lambda c, m, d: [c]), ("INVALID_ARGUMENT", "UPLOAD_EMPTY")),
    "empty chunk": (Upload(b""), ("INVALID_ARGUMENT", "UPLOAD_EMPTY")),
    "chunk gap": (
        Upload(GOOD, cut=lambda c, m, d: [c, m(chunk=audio_pb2.AudioChunk(data=d, byte_offset=7, last=True))]),
        ("DATA_LOSS", "CHUNK_OFFSET"),
    ),
    "no last chunk": (
        Upload(GOOD, cut=lambda c, m, d: [c, m(chunk=audio_pb2.AudioChunk(data=d))]),
        ("DATA_LOSS", "UPLOAD_TRUNCATED"),
    ),
    "wrong digest": (
        Upload(GOOD, {"content_sha256": hashlib.sha256(b"other").digest()}),
        ("DATA_LOSS", "UPLOAD_DIGEST"),
    ),
    "wrong checksum": (
        Upload(GOOD, cut=lambda c, m, d: [c, m(chunk=audio_pb2.AudioChunk(data=d, crc32c=1, last=True))]),
        ("DATA_LOSS", "CHUNK_CHECKSUM"),
    ),
    "chunk over 1 MiB": (
        Upload(GOOD, cut=lambda c, m, d: [c, m(chunk=audio_pb2.AudioChunk(data=bytes((1 << 20) + 1), last=True))]),
        ("INVALID_ARGUMENT", "CHUNK_TOO_LARGE"),
    ),
}
# What reading the audio refuses, the same on every family.
AUDIO: dict[str, tuple[Upload, tuple[str, str]]] = {
    "undecodable bytes": (Upload(b"this is not audio " * 500), ("INVALID_ARGUMENT", "AUDIO_UNDECODABLE")),
    "mp3 cut before its first frame ends": (Upload(SONG_LIKE[:300]), ("INVALID_ARGUMENT", "AUDIO_UNDECODABLE")),
    "zero channels": (Upload(GOOD, {**FLOAT, "channel_count": 0}), ("INVALID_ARGUMENT", "AUDIO_CHANNEL_COUNT")),
    "1024 channels": (Upload(GOOD, {**FLOAT, "channel_count": 1024}), ("INVALID_ARGUMENT", "AUDIO_CHANNEL_COUNT")),
    "1 Hz": (Upload(GOOD, {**FLOAT, "sample_rate_hertz": 1}), ("INVALID_ARGUMENT", "AUDIO_SAMPLE_RATE")),
    "1024 channels in a wav": (
        Upload(recordings.wav(np.zeros((1024, 100), np.float32))),
        ("INVALID_ARGUMENT", "AUDIO_CHANNEL_COUNT"),
    ),
    "1 Hz in a wav": (
        Upload(recordings.wav(np.zeros((1, 100), np.float32), 1)),
        ("INVALID_ARGUMENT", "AUDIO_SAMPLE_RATE"),
    ),
    "NaN samples": (Upload(pcm(NAN), FLOAT), ("INVALID_ARGUMENT", "AUDIO_NOT_FINITE")),
    "too long": (Upload(BOMB), ("INVALID_ARGUMENT", "AUDIO_TOO_LONG")),
    "clip beyond the end": (
        Upload(GOOD, config={"clip": {"start_offset": {"seconds": 60}}}),
        ("INVALID_ARGUMENT", "CLIP_RANGE"),
    ),
}
MODEL = ("INVALID_ARGUMENT", "UNKNOWN_MODEL")
OWN: dict[str, tuple[str, Upload, tuple[str, str]]] = {
    "separation: unknown model": ("separation", Upload(GOOD, config={"model": "demuks"}), MODEL),
    "separation: unknown stem": (
        "separation",
        Upload(GOOD, config={"stems": ["kazoo"]}),
        ("INVALID_ARGUMENT", "UNKNOWN_STEM"),
    ),
    "separation: unknown encoding": (
        "separation",
        Upload(GOOD, config={"output_encoding": 99}),
        ("INVALID_ARGUMENT", "OUTPUT_ENCODING"),
    ),
    "separation: an MP3 at 22.05 kHz": (
        "separation",
        Upload(GOOD, config={"output_encoding": audio_pb2.OUTPUT_ENCODING_MP3, "output_sample_rate_hertz": 22_050}),
        ("INVALID_ARGUMENT", "OUTPUT_SAMPLE_RATE"),
    ),
    "separation: a rate of -1 Hz": (
        "separation",
        Upload(GOOD, config={"output_sample_rate_hertz": -1}),
        ("INVALID_ARGUMENT", "OUTPUT_SAMPLE_RATE"),
    ),
    "separation: unknown clip mode": (
        "separation",
        Upload(GOOD, config={"clip_mode": 9}),
        ("INVALID_ARGUMENT", "CLIP_MODE"),
    ),
    "separation: a difference that there is not": (
        "separation",
        Upload(GOOD, config={"stems": ["no_kazoo"]}),
        ("INVALID_ARGUMENT", "UNKNOWN_STEM"),
    ),
    "speech: unknown model": ("speech", Upload(GOOD, config={"model": "whisper-enormous"}), MODEL),
    "speech: unknown language": (
        "speech",
        Upload(GOOD, config={"language_code": "xx"}),
        ("INVALID_ARGUMENT", "UNKNOWN_LANGUAGE"),
    ),
    "speech: beam of 99": ("speech", Upload(GOOD, config={"beam_size": 99}), ("INVALID_ARGUMENT", "BEAM_SIZE")),
    "essentia: unknown group": (
        "essentia",
        Upload(GOOD, config={"groups": ["astrology"]}),
        ("INVALID_ARGUMENT", "UNKNOWN_GROUP"),
    ),
    "essentia: 10 ms": (
        "essentia",
        Upload(recordings.wav(recordings.tone(0.01))),
        ("INVALID_ARGUMENT", "AUDIO_TOO_SHORT"),
    ),
    "llm_audio: unknown model": ("llm_audio", Upload(GOOD, config={"model": "gpt"}), MODEL),
    "llm_audio: unknown prompt": (
        "llm_audio",
        Upload(GOOD, config={"prompts": [{"name": "horoscope"}]}),
        ("INVALID_ARGUMENT", "PROMPT_UNKNOWN"),
    ),
    "llm_audio: no facts": ("llm_audio", Upload(GOOD), ("INVALID_ARGUMENT", "FACTS_MISSING")),
    "llm_audio: facts that are no object": (
        "llm_audio",
        Upload(GOOD, config={"facts_json": "[]"}),
        ("INVALID_ARGUMENT", "FACTS_JSON"),
    ),
    "gateway: unknown stage": (
        "gateway",
        Upload(GOOD, config={"stages": ["astrology"]}),
        ("INVALID_ARGUMENT", "UNKNOWN_STAGE"),
    ),
}


def messages(service: str, upload: Upload) -> list[Any]:
    make, make_config = EVERYWHERE[service]
    config = make_config(audio_format=audio_pb2.AudioFormat(**upload.format_), **upload.config)
    return (upload.cut or proper)(make(config=config), make, upload.data)


async def failure(stack: Stack, service: str, upload: Upload) -> AntiphonError:
    """The error of a call."""
    async with stack.channel(service) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in keep_status(STUBS[service](channel)(iter(messages(service, upload)), timeout=60)):
                pass
    return status.from_status(status.from_rpc_error(caught.value))


@pytest.mark.parametrize("case", TRANSPORT)
@pytest.mark.parametrize("service", EVERYWHERE)
async def test_a_damaged_upload_is_refused(stack: Stack, service: str, case: str) -> None:
    upload, expected = TRANSPORT[case]
    if (service, case) == ("llm_audio", "no chunks"):
        expected = ("INVALID_ARGUMENT", "FACTS_MISSING")  # a config may be all it needs
    error = await failure(stack, service, upload)
    assert (error.code, error.reason) == expected


@pytest.mark.parametrize("case", AUDIO)
@pytest.mark.parametrize("service", FAMILIES)
async def test_audio_that_cannot_be_used_is_refused(stack: Stack, service: str, case: str) -> None:
    upload, expected = AUDIO[case]
    error = await failure(stack, service, upload)
    assert (error.code, error.reason) == expected


@pytest.mark.parametrize("case", OWN)
async def test_a_request_that_makes_no_sense_is_refused(stack: Stack, case: str) -> None:
    service, upload, expected = OWN[case]
    error = await failure(stack, service, upload)
    assert (error.code, error.reason) == expected
    assert error.field.startswith("config") or error.reason.startswith("AUDIO")


async def last(stack: Stack, service: str, upload: Upload) -> Any:
    async with stack.channel(service) as channel:
        call = STUBS[service](channel)(iter(messages(service, upload)), timeout=120)
        answers = [answer async for answer in call]
    return answers[-1]


FINE = {
    "10 ms": recordings.wav(recordings.tone(0.01)),
    "digital silence": recordings.wav(np.zeros((2, 44_100 * 4), np.float32)),
    "mono": recordings.wav(recordings.tone(2.0)[:1]),
    "8 channels": recordings.wav(np.tile(recordings.tone(2.0)[:1], (8, 1))),
    "8 kHz": recordings.wav(recordings.tone(2.0, sample_rate=8_000), 8_000),
    "half an mp3": SONG_LIKE[: len(SONG_LIKE) // 2],
}


@pytest.mark.parametrize("case", FINE)
@pytest.mark.parametrize("service", FAMILIES)
async def test_odd_but_readable_audio_is_answered_with_a_summary(stack: Stack, service: str, case: str) -> None:
    if (service, case) == ("essentia", "10 ms"):
        return  # refused; see OWN
    answer = await last(stack, service, Upload(FINE[case]))
    assert answer.WhichOneof("event") == "summary"


async def test_half_an_mp3_says_that_it_is_truncated(stack: Stack) -> None:
    for service in FAMILIES:
        answer = await last(stack, service, Upload(FINE["half an mp3"]))
        assert "AUDIO_TRUNCATED" in {warning.reason for warning in answer.summary.warnings}, service


async def test_silence_has_no_words_no_tempo_and_no_energy_shares(stack: Stack) -> None:
    upload = Upload(FINE["digital silence"])
    summary = (await last(stack, "separation", upload)).summary
    assert not any(stem.HasField("energy_share") or stem.HasField("rms_dbfs") for stem in summary.stems)
    assert (await last(stack, "speech", upload)).summary.language_code == ""
    record = (await last(stack, "gateway", upload)).record
    assert not record.fusion.HasField("tempo")
    assert not record.fusion.HasField("key")
    assert not record.fusion.HasField("lyrics")
    assert {report.state for report in record.stage_reports} == {3}  # all succeeded: silence is no error


async def test_audio_that_nobody_can_read_still_gives_a_record_that_says_so(stack: Stack) -> None:
    record = (await last(stack, "gateway", Upload(b"this is not audio " * 500))).record
    reports = {report.stage: report for report in record.stage_reports}
    assert set(reports) == {*FAMILIES, "stem_features", "llm_audio"}
    assert status.from_status(reports.pop("llm_audio").error).reason == "FACTS_MISSING"  # nobody could say anything
    assert reports["stem_features"].state == record_pb2.STAGE_STATE_SKIPPED  # separation gave no stems
    for stage, report in reports.items():
        assert status.from_status(report.error).reason == "AUDIO_UNDECODABLE", stage
    assert not record.HasField("source")
