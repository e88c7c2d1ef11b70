"""Generation under attack over the wire: every extreme has a typed answer, and the worker serves the next call."""

from __future__ import annotations

import asyncio
import math
import random
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import grpc
import numpy as np
import psutil
import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.generation.v1 import generation_service_pb2_grpc as pb_grpc
from antiphon_client import AntiphonClientError, Client
from chassis.family.host import FamilyHost
from chassis.models import Store
from services.generation.settings import GenerationSettings
from tests.fixtures import recordings
from tests.services.generation.test_service import all_of, config, serving, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
Running = tuple[Client, FamilyHost]
NAN, INF = math.nan, math.inf
MOST_SEED = (1 << 63) - 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    tiny_store: Store,
    settings: GenerationSettings,
    tmp_path_factory: pytest.TempPathFactory,
    unused_tcp_port_factory: Callable[[], int],
) -> AsyncIterator[Running]:
    """One service for this file: it survives whatever is done to it."""
    folder, port = tmp_path_factory.mktemp("spool"), unused_tcp_port_factory()
    async with serving(tiny_store, settings, folder, port, cancel_grace_seconds=60.0) as each:
        yield each


async def serves(running: Running) -> None:
    """Holds that the next call is served."""
    assert isinstance((await all_of(running[0].generate(config(0.2))))[-1], pb.GenerationSummary)


def length(seconds: int, nanos: int = 0) -> dict[str, Any]:
    return {"duration": Duration(seconds=seconds, nanos=nanos)}


def changed(**fields: Any) -> pb.GenerationConfig:
    """A right config with other fields; a duration is given as a message, for one that no float says."""
    base = config()
    for name, value in fields.items():
        base.ClearField(name)
        if isinstance(value, list):
            getattr(base, name).extend(value)
        elif isinstance(value, Duration | audio_pb2.OutputOptions | audio_pb2.ClipRange | audio_pb2.AudioFormat):
            getattr(base, name).SetInParent()  # zero seconds are not the absence of a duration
            getattr(base, name).CopyFrom(value)
        else:
            setattr(base, name, value)
    return base


REFUSED: list[tuple[dict[str, Any], str]] = [
    (length(0), "DURATION_OUT_OF_RANGE"),
    (length(-1), "DURATION_OUT_OF_RANGE"),
    (length(0, 199_999_999), "DURATION_OUT_OF_RANGE"),
    (length(601), "DURATION_OUT_OF_RANGE"),
    (length(10**18), "DURATION_OUT_OF_RANGE"),
    (length(-(10**18)), "DURATION_OUT_OF_RANGE"),
    (length(1, -(2**31)), "DURATION_OUT_OF_RANGE"),
    ({"pieces_per_prompt": 10**6}, "TOO_MANY_PIECES"),
    ({"pieces_per_prompt": 2**31 - 1}, "TOO_MANY_PIECES"),
    ({"pieces_per_prompt": -1}, "TOO_MANY_PIECES"),
    ({"prompts": ["calm"] * 9}, "TOO_MANY_PIECES"),
    ({"prompts": ["calm"] * 3, "pieces_per_prompt": 3}, "TOO_MANY_PIECES"),
    ({"prompts": ["\u2003\u3000 \n"]}, "PROMPT_EMPTY"),
    ({"prompts": ["piano " * 600]}, "PROMPT_TOO_LONG"),
    ({"negative_prompt": "piano " * 600}, "PROMPT_TOO_LONG"),
    ({"negative_prompt": "drums", "guidance_scale": 1.0}, "NEGATIVE_PROMPT"),
    *(({name: value}, "SAMPLING_OUT_OF_RANGE") for name in ("temperature", "top_p", "guidance_scale")
      for value in (NAN, INF, -INF, -1.0, 1e308)),
    # So sharp that no score is a number any more, which would be blamed on the model.
    ({"temperature": 1e-300}, "SAMPLING_OUT_OF_RANGE"),
    ({"guidance_scale": 0.0}, "SAMPLING_OUT_OF_RANGE"),
    ({"top_p": 0.0}, "SAMPLING_OUT_OF_RANGE"),
    ({"top_k": -1}, "SAMPLING_OUT_OF_RANGE"),
    ({"top_k": 2**31 - 1}, "SAMPLING_OUT_OF_RANGE"),
    ({"seed": -1}, "SEED_OUT_OF_RANGE"),
    ({"seed": -(2**63)}, "SEED_OUT_OF_RANGE"),
    *(({"sample_rate_hertz": rate}, "SAMPLE_RATE_OUT_OF_RANGE") for rate in (0, -1, 7_999, 192_001, 2**31 - 1)),
    ({"output_options": audio_pb2.OutputOptions(bits_per_sample=-1)}, "OUTPUT_OPTIONS"),
    ({"output_options": audio_pb2.OutputOptions(bit_rate_kbps=2**31 - 1)}, "OUTPUT_OPTIONS"),
    ({"output_encoding": audio_pb2.OUTPUT_ENCODING_MP3, "output_options": audio_pb2.OutputOptions(quality=NAN)},
     "OUTPUT_OPTIONS"),
    ({"output_encoding": -1}, "OUTPUT_ENCODING"),
    ({"audio_role": -1}, "AUDIO_ROLE"),
    ({"model": "../../etc/passwd"}, "UNKNOWN_MODEL"),
]  # fmt: skip


async def test_every_extreme_of_a_config_is_refused_by_its_reason(running: Running) -> None:
    for fields, reason in REFUSED:
        with pytest.raises(AntiphonClientError) as caught:
            await all_of(running[0].generate(changed(**fields)))
            pytest.fail(f"{fields} was served")
        assert (fields, caught.value.code, caught.value.reason) == (fields, "INVALID_ARGUMENT", reason)
    assert running[1].pool.restarts == 0
    await serves(running)


SERVED: list[dict[str, Any]] = [
    {"seed": MOST_SEED, "pieces_per_prompt": 2},
    {"temperature": 0.0, "top_k": 1},
    {"temperature": 1e-6, "top_k": 65_536},
    {"temperature": 4.0, "top_p": 5e-324, "guidance_scale": 20.0},
    {"prompts": ["\U0001f3b9\u202e\u0000\ufeff\u200d"]},
    {"prompts": ["e" + "\u0301" * 100, "</s><pad>\x00\x1b[31m"]},
    {"prompts": [], "sample_rate_hertz": 8_000},
    {"sample_rate_hertz": 192_000, "output_encoding": audio_pb2.OUTPUT_ENCODING_FLAC},
    {"sample_rate_hertz": 11_025, "output_encoding": audio_pb2.OUTPUT_ENCODING_OPUS},
]


async def test_what_is_odd_and_allowed_is_served(running: Running) -> None:
    for fields in SERVED:
        events = await all_of(running[0].generate(changed(**{**length(0, 200_000_000), **fields})))
        assert isinstance(events[-1], pb.GenerationSummary), fields
        assert all(piece.frame_count > 0 for piece in events[-1].pieces)
    assert [piece.seed for piece in (await all_of(running[0].generate(changed(**SERVED[0]))))[-1].pieces] == [
        MOST_SEED,
        0,
    ]


def float_wav(samples: np.ndarray, rate: int) -> bytes:
    """WAV of 32-bit floating point, which holds what 16 bits cannot: NaN, infinities, and 3e38."""
    data, channels = samples.T.astype("<f4").tobytes(), samples.shape[0]
    form = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def clips() -> Iterator[tuple[str, np.ndarray]]:
    silence = np.zeros((1, 32_000), np.float32)
    holes = np.full((1, 32_000), NAN, np.float32)
    yield "silence", silence
    yield "NaN", holes
    yield "infinity", np.full((2, 32_000), INF, np.float32)
    yield "huge", np.full((1, 32_000), 3e38, np.float32)
    yield "eight channels", np.random.default_rng(0).normal(0, 0.1, (8, 32_000)).astype(np.float32)
    yield "one sample", np.full((1, 1), 0.5, np.float32)


REFUSED_CLIPS = {name: "AUDIO_NOT_FINITE" for name in ("NaN", "infinity", "huge")} | {"one sample": "CLIP_TOO_SHORT"}


@pytest.mark.parametrize(
    ("role", "model"), [(pb.AUDIO_ROLE_MELODY, "tiny-melody"), (pb.AUDIO_ROLE_CONTINUATION, "tiny-stereo")]
)
async def test_odd_clips_are_used_or_refused_as_the_callers(running: Running, role: Any, model: str) -> None:
    for name, samples in clips():
        asked = config(0.4, audio_role=role, model=model, include_clip=role == pb.AUDIO_ROLE_CONTINUATION)
        try:
            events = await all_of(running[0].generate(asked, float_wav(samples, 32_000)))
        except AntiphonClientError as error:
            assert (error.code, error.reason) == ("INVALID_ARGUMENT", REFUSED_CLIPS.get(name)), (name, error)
        else:
            assert math.isfinite(events[-1].pieces[0].peak), name
    assert running[1].pool.restarts == 0


async def test_ranges_of_a_clip_that_hold_nothing_are_refused(running: Running) -> None:
    wav = recordings.wav(np.zeros((1, 32_000), np.float32), 32_000)
    for start, end in ((5, 6), (-1, 1), (10**11, 2 * 10**11), (0, 0)):
        clip = audio_pb2.ClipRange(start_offset=Duration(seconds=start), end_offset=Duration(seconds=end))
        asked = config(0.2, audio_role=pb.AUDIO_ROLE_CONTINUATION, clip=clip)
        with pytest.raises(AntiphonClientError) as caught:
            await all_of(running[0].generate(asked, wav))
        assert caught.value.code == "INVALID_ARGUMENT", (start, end)


async def broken_off(running: Running, after: float, clip: bytes | None = None) -> None:
    """Leaves a call after so many seconds."""
    asked = config(300.0) if clip is None else config(300.0, audio_role=pb.AUDIO_ROLE_CONTINUATION)
    task = asyncio.ensure_future(all_of(running[0].generate(asked, clip)))
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_calls_left_at_random_moments_leave_nothing_behind(running: Running) -> None:
    draw = random.Random(0)
    (pid,), restarts = running[1].pool.pids, running[1].pool.restarts
    descriptors = psutil.Process().num_fds()
    for _ in range(12):
        await broken_off(running, draw.choice([0.0, 0.002, 0.02, 0.2, 0.4]) * draw.random())
    await until(lambda: running[1].pool.admitted == 0)
    await serves(running)
    assert (running[1].pool.pids, running[1].pool.restarts) == ([pid], restarts)
    # A descriptor or two of the channel come and go.
    assert psutil.Process().num_fds() <= descriptors + 4


async def test_a_worker_killed_in_the_middle_is_told_and_nobody_tries_again(running: Running) -> None:
    client, host = running
    restarts = host.pool.restarts
    started = 0
    with pytest.raises(AntiphonClientError) as caught:
        async with aclosing(client.generate(config(300.0))) as events:
            async for event in events:
                started += isinstance(event, pb.GenerationHeader)
                if isinstance(event, pb.PieceChunk):
                    for pid in host.pool.pids:
                        psutil.Process(pid).kill()
    assert (caught.value.code, caught.value.reason, started) == ("UNAVAILABLE", "WORKER_LOST", 1)
    await serves(running)
    # One new worker, and no second generation of five minutes that would hold it.
    assert (host.pool.restarts, host.pool.admitted) == (restarts + 1, 0)


async def test_an_upload_that_is_broken_off_or_stands_still_takes_no_worker(running: Running) -> None:
    wav = recordings.wav(np.zeros((1, 320_000), np.float32), 32_000)
    chunk = audio_pb2.AudioChunk(data=wav[: 256 << 10], byte_offset=0)

    async def halting() -> AsyncIterator[pb.GenerateRequest]:
        yield pb.GenerateRequest(config=config(0.2, audio_role=pb.AUDIO_ROLE_CONTINUATION))
        yield pb.GenerateRequest(chunk=chunk)
        await asyncio.sleep(60)

    async with grpc.aio.insecure_channel(running[0].target) as channel:
        stub = pb_grpc.GenerationServiceStub(channel)
        calls = [stub.Generate(halting()) for _ in range(4)]
        await asyncio.sleep(0.2)
        await serves(running)
        for call in calls:
            call.cancel()
        truncated = stub.Generate(iter([pb.GenerateRequest(config=config(0.2, audio_role=pb.AUDIO_ROLE_CONTINUATION)),
                                        pb.GenerateRequest(chunk=chunk)]))  # fmt: skip
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await all_of(truncated)
        assert caught.value.code() is grpc.StatusCode.DATA_LOSS
    await until(lambda: running[1].pool.admitted == 0)
    await serves(running)
