"""Descriptions over the wire: streamed, cancelled, timed out, and after a worker was killed."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import grpc
import psutil
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from antiphon_client import AntiphonClientError
from antiphon_wire import status
from antiphon_wire.calls import keep_status
from tests.services.llm_audio.conftest import SMOL, SONG, Serve

pytestmark = pytest.mark.weights
FACTS = json.dumps(SONG)
LONG = [pb.Prompt(name=name) for name in ("full", "technical", "genre_mood", "instrumentation", "structure", "analyze")]


def config(**more: Any) -> pb.DescriptionConfig:
    return pb.DescriptionConfig(facts_json=FACTS, **more)


async def heard(client: Any, config_: pb.DescriptionConfig, audio: bytes | None = None) -> list[Any]:
    return [event async for event in client.describe(audio, config_, timeout_seconds=120)]


async def test_a_config_alone_is_answered_and_so_is_one_with_audio_that_a_text_model_ignores(serve: Serve) -> None:
    async with serve() as (_, client):
        bare = await heard(client, config(sampling=pb.Sampling(max_tokens=20)))
        loud = await heard(client, config(sampling=pb.Sampling(max_tokens=20)), b"not looked at")
        summary = bare[-1]
        assert isinstance(summary, pb.DescriptionSummary)
        assert not summary.HasField("source")
        assert not summary.heard_audio
        assert summary.provenance.model.name == SMOL
        assert summary.provenance.upload_sha256 == b""
        assert len(loud[-1].provenance.upload_sha256) == 32
        answers = [next(event for event in events if isinstance(event, pb.Answer)) for events in (bare, loud)]
        assert answers[0].text == answers[1].text  # their usage differs: the second finds the facts read
        assert answers[0].key == "description_full"


async def test_models_are_listed(serve: Serve) -> None:
    async with serve() as (_, client):
        stub = pb_grpc.LlmAudioServiceStub(client._channel)
        models = (await stub.ListModels(pb.ListModelsRequest())).models
        assert [model.identity.name for model in models if model.default_model] == [SMOL]


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        (pb.DescriptionConfig(), "INVALID_ARGUMENT", "FACTS_MISSING"),
        (pb.DescriptionConfig(facts_json="{"), "INVALID_ARGUMENT", "FACTS_JSON"),
        (config(model="gpt"), "INVALID_ARGUMENT", "UNKNOWN_MODEL"),
        (config(engine="gpt"), "INVALID_ARGUMENT", "UNKNOWN_ENGINE"),
        (config(prompts=[pb.Prompt(name="fool")]), "INVALID_ARGUMENT", "PROMPT_UNKNOWN"),
        (config(sampling=pb.Sampling(temperature=9)), "INVALID_ARGUMENT", "SAMPLING"),
        (config(json_schema="{"), "INVALID_ARGUMENT", "JSON_SCHEMA"),
        (config(json_schema='{"type": "string", "maxLength": 1000000}'), "INVALID_ARGUMENT", "JSON_SCHEMA"),
        (config(json_schema='{"type": "string", "minLength": 60000000}'), "INVALID_ARGUMENT", "JSON_SCHEMA"),
        (pb.DescriptionConfig(facts_json='{"a": %s}' % ("9" * 400)), "INVALID_ARGUMENT", "FACTS_JSON"),
        (pb.DescriptionConfig(facts_json='{"a": NaN}'), "INVALID_ARGUMENT", "FACTS_JSON"),
        (pb.DescriptionConfig(facts_json='{"a": "\\ud800"}'), "INVALID_ARGUMENT", "FACTS_JSON"),
        (config(audio_format=audio_pb2.AudioFormat(encoding=2)), "INVALID_ARGUMENT", "AUDIO_SAMPLE_RATE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_input_is_refused_and_the_next_call_is_served(
    serve: Serve, given: pb.DescriptionConfig, code: str, reason: str
) -> None:
    async with serve() as (_, client):
        with pytest.raises(AntiphonClientError) as caught:
            await heard(client, given)
        assert (caught.value.code, caught.value.reason) == (code, reason)
        assert isinstance((await heard(client, config(sampling=pb.Sampling(max_tokens=2))))[-1], pb.DescriptionSummary)


async def test_chunks_that_do_not_fit_together_are_refused(serve: Serve) -> None:
    async with serve() as (_, client):
        stub = pb_grpc.LlmAudioServiceStub(client._channel)

        async def reason(*chunks: audio_pb2.AudioChunk) -> str:
            requests = [pb.DescribeRequest(config=config()), *(pb.DescribeRequest(chunk=each) for each in chunks)]
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for _ in keep_status(stub.Describe(iter(requests), timeout=60)):
                    pass
            return status.from_status(status.from_rpc_error(caught.value)).reason

        assert await reason(audio_pb2.AudioChunk(data=b"ab", byte_offset=1, last=True)) == "CHUNK_OFFSET"
        assert await reason(audio_pb2.AudioChunk(data=b"ab")) == "UPLOAD_TRUNCATED"
        assert await reason(audio_pb2.AudioChunk(last=True)) == "UPLOAD_EMPTY"


async def test_a_cancel_while_it_writes_frees_the_worker(serve: Serve) -> None:
    async with serve() as (host, client):
        async with aclosing(client.describe(None, config(prompts=LONG), timeout_seconds=120)) as events:
            async for event in events:
                if isinstance(event, pb.TextPiece):
                    break
        # Within the grace of 250 ms by itself, or replaced where the machine is too busy for that.
        async with asyncio.timeout(60):
            while host.pool.admitted or not host.pool.ready:
                await asyncio.sleep(0.01)
        assert isinstance((await heard(client, config(sampling=pb.Sampling(max_tokens=2))))[-1], pb.DescriptionSummary)


async def test_a_deadline_ends_a_call(serve: Serve) -> None:
    async with serve() as (_, client):
        await heard(client, config(sampling=pb.Sampling(max_tokens=1)))
        with pytest.raises(AntiphonClientError) as caught:
            async for _ in client.describe(None, config(prompts=LONG), timeout_seconds=0.5):
                pass
        assert caught.value.code == "DEADLINE_EXCEEDED"
        assert isinstance((await heard(client, config(sampling=pb.Sampling(max_tokens=2))))[-1], pb.DescriptionSummary)


async def test_kill_9_of_the_worker_is_told_and_a_fresh_one_answers(serve: Serve) -> None:
    async with serve() as (host, client):
        killed: list[int] = []
        with pytest.raises(AntiphonClientError) as caught:
            async for event in client.describe(None, config(prompts=LONG), timeout_seconds=120):
                if isinstance(event, pb.TextPiece) and not killed:
                    killed = list(host.pool.pids)
                    for pid in killed:
                        psutil.Process(pid).kill()
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert isinstance((await heard(client, config(sampling=pb.Sampling(max_tokens=2))))[-1], pb.DescriptionSummary)
