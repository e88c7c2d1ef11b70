"""A live stream over the wire, on the real model: its course, and what becomes of it when something goes wrong."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_client import AntiphonClientError
from bench.speech_material import recordings
from chassis.models import Store
from tests.fixtures.processes import until_idle
from tests.fixtures.recordings import encoded
from tests.services.speech.live.streams import ONE_WORD, config, misheard, pcm, pieces, ready, whole
from tests.services.speech.running_service import TINY, serving


@pytest.mark.weights
async def test_words_events_and_summary_come_over_the_wire(store: Store, tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(store, tmp_path, unused_tcp_port, live_streams=2) as (client, _):
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
    async with serving(store, tmp_path, unused_tcp_port, live_streams=2) as (client, _):
        events = [event async for event in client.recognize(pieces(data, 1000), wanted)]
    finals = [event for event in events if isinstance(event, pb.FinalResult)]
    assert misheard("".join(event.text for event in finals)) <= ONE_WORD
    assert not any(event.words for event in finals)
    assert not any(isinstance(event, pb.InterimResult) for event in events)
    summary = events[-1]
    assert isinstance(summary, pb.StreamingRecognitionSummary)
    assert summary.source.codec == "opus"


@pytest.mark.weights
async def test_a_stream_that_is_left_frees_the_core_and_its_place(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(store, tmp_path, unused_tcp_port, live_streams=1) as (client, host):
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
    async with serving(store, tmp_path, unused_tcp_port, live_streams=1) as (client, host):
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
    async with serving(store, tmp_path, unused_tcp_port, live_streams=2) as (client, host):
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
    async with serving(store, tmp_path, unused_tcp_port, live_streams=2) as (client, host):
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
