"""A live stream on the real model: in process for its text, and over the wire for its course."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
from services.speech.engines.live.contract import Endpointing, Final, LiveHeader, LiveRequest, LiveSummary
from services.speech.job import Jobs
from services.speech.settings import SpeechSettings
from tests.fixtures.processes import until_idle
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


ONE_WORD = 2
"""Live, tiny.en may mishear a word of "he was not an ill-disposed young man"; one of them counts for two."""


def misheard(heard: str) -> int:
    """Word errors in that line."""
    return recordings.word_errors(recordings.LINES["0880"], heard)


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Final))


@pytest.mark.weights
def test_a_line_is_written_down_with_header_first_and_summary_last(jobs: Jobs) -> None:
    samples = recordings.line("0880")
    events = listen(jobs, pcm(samples), 3200)
    assert misheard(text(events)) <= ONE_WORD
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
    assert misheard(text(events)) <= ONE_WORD
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


async def ready(host: FamilyHost) -> None:
    """Waits until the live worker is up: what is measured from then on is not its start."""
    async with asyncio.timeout(60):
        while not host.live.ready:
            await asyncio.sleep(0.01)


async def whole(client: Client, data: bytes) -> str:
    """The text of a stream that is sent at once."""
    events = [event async for event in client.recognize(pieces(data), config())]
    return "".join(event.text for event in events if isinstance(event, pb.FinalResult))


def config(**more: Any) -> pb.StreamingRecognitionConfig:
    format_ = audio_pb2.AudioFormat(encoding=2, sample_rate_hertz=16_000, channel_count=1)
    return pb.StreamingRecognitionConfig(**{"audio_format": format_, **more})


def pieces(data: bytes, size: int = 6400) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.weights
async def test_words_events_and_summary_come_over_the_wire(store: Store, tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        data = pcm(np.concatenate([recordings.line("0880"), np.zeros(16_000, np.float32)]))
        events = [event async for event in client.recognize(pieces(data), config())]
    finals = [event for event in events if isinstance(event, pb.FinalResult)]
    assert misheard("".join(event.text for event in finals)) <= ONE_WORD
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
async def test_opus_in_ogg_is_heard_over_the_wire_and_its_settings_count(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    samples = recordings.line("0880")
    stereo = np.stack([np.repeat(samples, 3)] * 2).astype(np.float32)
    data = encoded(stereo, "ogg", "libopus", 48_000)
    wanted = config(audio_format=audio_pb2.AudioFormat(), interim_results=False, word_times=False)
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        events = [event async for event in client.recognize(pieces(data, 1000), wanted)]
    finals = [event for event in events if isinstance(event, pb.FinalResult)]
    assert misheard("".join(event.text for event in finals)) <= ONE_WORD
    assert not any(event.words for event in finals)
    assert not any(isinstance(event, pb.InterimResult) for event in events)
    assert events[-1].source.codec == "opus"


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
    assert service._live_request(given) == LiveRequest(
        "whisper-tiny.en", "en", False, False, "Jane Austen", Endpointing(0.5, 0.25, 20.0)
    )
    assert service._live_request(pb.StreamingRecognitionConfig()) == LiveRequest()


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
        await until_idle(host.live.pids[0])


@pytest.mark.weights
async def test_a_deadline_in_the_middle_frees_the_place_and_the_next_stream_is_heard(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(store, tmp_path, unused_tcp_port, streams=1) as (client, host):
        await ready(host)
        data = pcm(np.tile(recordings.line("0890"), 20))
        with pytest.raises(AntiphonClientError) as caught:
            async for _ in client.recognize(pieces(data), config(), timeout_seconds=1.0):
                pass
        assert caught.value.code == "DEADLINE_EXCEEDED"
        async with asyncio.timeout(20):
            while host.live.admitted:
                await asyncio.sleep(0.01)
        await until_idle(host.live.pids[0])
        assert "young man" in await whole(client, pcm(recordings.line("0880")))


@pytest.mark.weights
async def test_kill_9_while_it_listens_is_told_and_the_next_stream_is_heard(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, host):
        data = pcm(np.tile(recordings.line("0890"), 5))
        with pytest.raises(AntiphonClientError) as caught:
            async for event in client.recognize(pieces(data), config()):
                if isinstance(event, pb.InterimResult):
                    os.kill(host.live.pids[0], signal.SIGKILL)
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert caught.value.metadata["exit_code"] == "-9"
        assert "young man" in await whole(client, pcm(recordings.line("0880")))
        assert host.live.status.restarts == 1
        assert "live worker ended with exit code -9" in host.live.status.last_problem


@pytest.mark.weights
async def test_a_worker_that_was_held_up_tells_how_far_behind_it_is_and_hurries(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, host):
        await ready(host)
        data = pcm(np.concatenate([recordings.line("0920"), np.zeros(16_000, np.float32)]))

        async def live() -> AsyncIterator[bytes]:
            for index, piece in enumerate(pieces(data, 3200)):
                if index == 15:
                    os.kill(host.live.pids[0], signal.SIGSTOP)
                if index == 45:
                    os.kill(host.live.pids[0], signal.SIGCONT)
                yield piece
                await asyncio.sleep(0.1)

        events = [event async for event in client.recognize(live(), config())]
    summary = events[-1]
    assert isinstance(summary, pb.StreamingRecognitionSummary)
    # It stood still for 3 s.
    assert summary.max_lag.ToTimedelta().total_seconds() > 2.0
    assert summary.skipped_hypothesis_count > 0
    heard = "".join(event.text for event in events if isinstance(event, pb.FinalResult))
    # tiny.en, which heard parts of it in one go only, and fewer on a machine that others use too.
    assert recordings.word_errors(recordings.LINES["0920"], heard) <= 6


def f32(**more: Any) -> dict[str, Any]:
    return {"audio_format": audio_pb2.AudioFormat(encoding=3, sample_rate_hertz=16_000, channel_count=1, **more)}


CONTAINER = {"audio_format": audio_pb2.AudioFormat()}
OGG = b"OggS" + bytes(range(256)) * 100
REFUSED = {
    "language": ({"language_code": "xx"}, b"\0\0", "UNKNOWN_LANGUAGE"),
    "language of another model": ({"language_code": "de"}, b"\0\0", "LANGUAGE_NOT_SUPPORTED"),
    "model": ({"model": "whisper-huge"}, b"\0\0", "UNKNOWN_MODEL"),
    "prompt": ({"initial_prompt": "x" * 1001}, b"\0\0", "PROMPT_TOO_LONG"),
    "end of silence": ({"endpointing": {"end_silence": {"nanos": 1}}}, b"\0\0", "ENDPOINTING"),
    "least speech": ({"endpointing": {"min_speech": {"seconds": 3}}}, b"\0\0", "ENDPOINTING"),
    "longest utterance": ({"endpointing": {"max_utterance": {"seconds": 301}}}, b"\0\0", "ENDPOINTING"),
    "odd byte count": ({}, bytes(3201), "AUDIO_UNDECODABLE"),
    "quarter of a sample": (f32(), bytes(4097), "AUDIO_UNDECODABLE"),
    "not a number": (f32(), np.full(100, np.nan, "<f4").tobytes(), "AUDIO_NOT_FINITE"),
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
    async with serving(store, tmp_path, unused_tcp_port) as (client, host):
        for name, (settings, data, _) in REFUSED.items():
            with pytest.raises(AntiphonClientError) as caught:
                [event async for event in client.recognize(pieces(data), config(**settings))]
            refused[name] = (caught.value.code, caught.value.reason)
        assert "young man" in await whole(client, pcm(recordings.line("0880")))
        assert (host.live.admitted, host.live.restarts) == (0, 0)
    assert refused == {name: ("INVALID_ARGUMENT", reason) for name, (_, _, reason) in REFUSED.items()}


@pytest.mark.weights
@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_any_rate_in_bounds_is_heard(jobs: Jobs, rate: int) -> None:
    samples = recordings.line("0880")
    at = np.arange(int(len(samples) * rate / 16_000)) * 16_000 / rate
    resampled = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    stereo = np.stack([resampled, resampled], axis=1)
    events = listen(jobs, (stereo * 32767).astype("<i2").tobytes(), 5000, RawFormat("s16le", rate, 2))
    assert misheard(text(events)) <= ONE_WORD
    assert events[-1].source.sample_rate == rate
