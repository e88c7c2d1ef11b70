"""A live stream on the real model: in process for its text, and over the wire for its course."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_client import AntiphonClientError, Client
from chassis.errors import AntiphonError
from chassis.facts import ProgressFacts
from chassis.models import Manifest, Store
from chassis.server import Server, ServerSettings, WorkerSettings
from chassis.server.family import FamilyHost
from chassis.worker import frames as wire
from chassis.worker.messages import DecodeLimits, RawFormat
from services.speech import service
from services.speech.engines.live.contract import Final, LiveHeader, LiveRequest, LiveSummary
from services.speech.job import Jobs
from services.speech.settings import SpeechSettings
from tests.fixtures.recordings import encoded
from tests.services.speech import recordings

MANIFEST = Path(__file__).parents[4] / "services" / "speech" / "models.toml"
TINY = "whisper-tiny.en"
S16 = RawFormat("s16le", 16_000, 1)
LIMITS = DecodeLimits(120.0, 1 << 30, 60.0)


@dataclass(frozen=True)
class Turn:
    due: float | None


@dataclass(frozen=True)
class Piece:
    data: bytes
    received: float


class Task:
    """A stream whose bytes are all there, in the pieces given, and came in at once."""

    def __init__(self, pieces: list[bytes], raw: RawFormat | None) -> None:
        self.raw, self.limits = raw, LIMITS
        self._unread = deque(pieces)

    @property
    def ended(self) -> bool:
        return not self._unread

    def take(self) -> Piece | None:
        # Far in the future: never late, whatever else the machine does.
        return Piece(self._unread.popleft(), 1e12) if self._unread else None

    def turn(self, due: float | None = None) -> Turn:
        return Turn(due)

    def checkpoint(self) -> None:
        return


@pytest.fixture(scope="module")
def jobs(store: Store) -> Jobs:
    if not store.installed(TINY):
        pytest.skip(f"{TINY} is not installed in {store.root}: antiphon models pull {TINY}")
    return Jobs(SpeechSettings(device="cpu", default_model=TINY), store)


def pcm(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def listen(jobs: Jobs, data: bytes, size: int, raw: RawFormat | None = S16, **request: Any) -> list[Any]:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    events = jobs.listen_live(Task(pieces, raw), LiveRequest(**request))  # type: ignore[arg-type]
    return [event for event in events if not isinstance(event, Turn)]


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Final))


@pytest.mark.weights
def test_a_line_is_written_down_with_header_first_and_summary_last(jobs: Jobs) -> None:
    samples = recordings.line("0880")
    events = listen(jobs, pcm(samples), 3200)
    # Live, tiny.en may mishear a word of eight.
    assert recordings.word_errors(recordings.LINES["0880"], text(events)) <= 1
    heard = [event for event in events if not isinstance(event, ProgressFacts)]
    assert isinstance(heard[0], LiveHeader)
    assert isinstance(heard[-1], LiveSummary)
    summary = heard[-1]
    assert (summary.language, summary.utterances, summary.skipped_steps) == ("en", 1, 0)
    assert summary.source.frames == len(samples)
    assert summary.work.model is not None
    assert summary.work.model.name == TINY
    assert all(wire.unpack(wire.pack(event)[wire.HEADER.size :]) == event for event in events)


@pytest.mark.weights
def test_the_text_does_not_depend_on_how_the_bytes_were_cut(jobs: Jobs) -> None:
    data = pcm(recordings.line("0930"))
    first, second = listen(jobs, data, 3200), listen(jobs, data, 997)
    assert text(first) == text(second) != ""
    assert [e for e in first if isinstance(e, Final)] == [e for e in second if isinstance(e, Final)]


@pytest.mark.weights
def test_opus_in_ogg_is_heard_as_pcm_is(jobs: Jobs) -> None:
    samples = recordings.line("0880")
    stereo = np.stack([np.repeat(samples, 3)] * 2).astype(np.float32)
    events = listen(jobs, encoded(stereo, "ogg", "libopus", 48_000), 1000, raw=None)
    assert recordings.word_errors(recordings.LINES["0880"], text(events)) <= 1
    assert events[-1].source.container == "ogg"
    assert events[-1].source.codec == "opus"


@pytest.mark.weights
def test_silence_is_an_answer_with_a_warning(jobs: Jobs) -> None:
    events = listen(jobs, pcm(np.zeros(16_000, np.float32)), 3200)
    assert text(events) == ""
    assert [warning.reason for warning in events[-1].warnings] == ["NO_SPEECH"]
    assert events[-1].language is None


@pytest.mark.weights
def test_a_language_that_the_model_does_not_know_is_refused(jobs: Jobs) -> None:
    with pytest.raises(AntiphonError, match="LANGUAGE_NOT_SUPPORTED"):
        listen(jobs, b"", 1, language="de")


def test_a_model_that_is_not_installed_is_named_with_its_command(tmp_path: Path) -> None:
    jobs = Jobs(SpeechSettings(), Store(tmp_path / "empty", Manifest.load(MANIFEST)))
    with pytest.raises(AntiphonError, match=r"MODEL_NOT_INSTALLED.*antiphon models pull whisper-base"):
        listen(jobs, b"", 1)


# Over the wire.


@asynccontextmanager
async def serving(
    store: Store, tmp_path: Path, port: int, streams: int = 2
) -> AsyncIterator[tuple[Client, FamilyHost]]:
    if not store.installed(TINY):
        pytest.skip(f"{TINY} is not installed in {store.root}: antiphon models pull {TINY}")
    settings = ServerSettings(port=port, spool_dir=tmp_path, lame_duck_seconds=0.0)
    family = service.family(SpeechSettings(device="cpu", default_model=TINY, live_streams=streams))
    host = FamilyHost(family, settings, WorkerSettings(models=store.root))
    server = Server("speech", settings)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.live.start()
    await server.start()
    async with Client(f"127.0.0.1:{port}") as client:
        try:
            yield client, host
        finally:
            await server.drain()
            await host.close()


def config(**more: Any) -> pb.StreamingRecognitionConfig:
    format_ = audio_pb2.AudioFormat(encoding=2, sample_rate_hertz=16_000, channel_count=1)
    return pb.StreamingRecognitionConfig(audio_format=format_, **more)


def pieces(data: bytes, size: int = 6400) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.weights
async def test_words_events_and_summary_come_over_the_wire(store: Store, tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        data = pcm(np.concatenate([recordings.line("0880"), np.zeros(16_000, np.float32)]))
        events = [event async for event in client.recognize(pieces(data), config())]
    finals = [event for event in events if isinstance(event, pb.FinalResult)]
    assert recordings.word_errors(recordings.LINES["0880"], "".join(event.text for event in finals)) <= 1
    assert finals[-1].ends_utterance
    kinds = [event.kind for event in events if isinstance(event, pb.SpeechEvent)]
    assert kinds == [pb.SpeechEvent.KIND_BEGIN, pb.SpeechEvent.KIND_END]
    interims = [event for event in events if isinstance(event, pb.InterimResult)]
    assert interims
    assert all(0 <= event.stability <= 1 for event in interims if event.HasField("stability"))
    words = [word for event in finals for word in event.words]
    times = [moment.ToNanoseconds() for word in words for moment in (word.start_offset, word.end_offset)]
    assert times == sorted(times)
    summary = events[-1]
    assert isinstance(summary, pb.StreamingRecognitionSummary)
    assert summary.source.frame_count == len(data) // 2
    assert summary.provenance.model.name == TINY
    assert summary.provenance.upload_sha256 == summary.source.upload_sha256 != b""


@pytest.mark.weights
async def test_a_stream_that_is_left_frees_the_core_and_its_place(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(store, tmp_path, unused_tcp_port, streams=1) as (client, host):
        data = pcm(np.tile(recordings.line("0890"), 5))
        async with aclosing(client.recognize(pieces(data), config())) as events:
            async for event in events:
                if isinstance(event, pb.InterimResult):
                    with pytest.raises(AntiphonClientError) as caught:
                        [each async for each in client.recognize(pieces(data), config())]
                    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "LIVE_STREAMS_FULL")
                    assert caught.value.retry_after is not None
                    break
        async with asyncio.timeout(10):
            while host.live.admitted or host.live._hosts[0].streams:
                await asyncio.sleep(0.01)
        process = psutil.Process(host.live.pids[0])
        before = sum(process.cpu_times()[:2])
        await asyncio.sleep(0.3)
        assert sum(process.cpu_times()[:2]) - before < 0.1


@pytest.mark.weights
@pytest.mark.parametrize(
    ("settings", "data", "reason"),
    [
        ({"language_code": "xx"}, b"\0\0", "UNKNOWN_LANGUAGE"),
        ({"model": "whisper-huge"}, b"\0\0", "UNKNOWN_MODEL"),
        ({"endpointing": {"end_silence": {"nanos": 1}}}, b"\0\0", "ENDPOINTING"),
        ({}, b"\0\0\0", "AUDIO_UNDECODABLE"),
    ],
    ids=["language", "model", "endpoints", "half a sample"],
)
async def test_what_cannot_be_heard_is_refused(
    store: Store, tmp_path: Path, unused_tcp_port: int, settings: dict[str, Any], data: bytes, reason: str
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        with pytest.raises(AntiphonClientError) as caught:
            [event async for event in client.recognize(pieces(data), config(**settings))]
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
