"""Prose by rule over the wire: the default without a large model, at once, with its clauses; what it refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from antiphon_client import AntiphonClientError
from tests.services.llm_audio.conftest import SONG, Serve

FACTS = json.dumps(SONG)
LARGE = b"a model of two billion parameters, by its row"
ROW = f"""
[[models]]
name = "large"
engine = "text-gguf"
default = false
starter = false
revision = "1"
license_spdx = "CC0-1.0"
commercial_use = true
parameter_count = 2_000_000_000

[[models.files]]
name = "large.gguf"
size = {len(LARGE)}
sha256 = "{hashlib.sha256(LARGE).hexdigest()}"
sources = [{{ kind = "https", url = "https://example.invalid/large.gguf" }}]
"""


async def heard(client: Any, **more: Any) -> list[Any]:
    config = pb.DescriptionConfig(**{"facts_json": FACTS, **more})
    return [event async for event in client.describe(None, config, timeout_seconds=60)]


async def test_without_a_large_model_the_facts_are_put_into_words_by_rule(serve: Serve, tmp_path: Path) -> None:
    async with serve(tmp_path / "models", engine="auto") as (_, client):
        events = await heard(client, prompts=[pb.Prompt(name="full"), pb.Prompt(name="technical")])
        full, technical = (event for event in events if isinstance(event, pb.Answer))
        pieces = "".join(event.text for event in events if isinstance(event, pb.TextPiece) and event.prompt == "full")
        assert pieces == full.text
        assert technical.text == (
            "The recording runs at 110 BPM, is in F major and lasts 11 seconds. It is loud at -9.3 LUFS."
        )
        assert [(clause.text, list(clause.facts)) for clause in technical.clauses] == [
            ("runs at 110 BPM", ["essentia.features.rhythm.bpm"]),
            ("is in F major", ["essentia.features.tonal.key_tonic"]),
            ("lasts 11 seconds", ["essentia.features.signal.duration_seconds"]),
            ("is loud at -9.3 LUFS", ["essentia.features.loudness.integrated_lufs"]),
        ]
        assert technical.claims
        assert all(claim.supported for claim in technical.claims)
        assert (technical.attempt_count, technical.finish_reason) == (1, pb.FINISH_REASON_STOP)
        summary = events[-1]
        assert not summary.warnings
        assert summary.usage == pb.Usage()
        provenance = summary.provenance
        assert (provenance.engine, provenance.device, provenance.precision) == ("facts", "cpu", "exact")
        assert not provenance.HasField("model")
        assert dict(provenance.parameters) == {"model": "facts", "prompts": "full,technical", "check_claims": "true"}


async def test_a_question_of_which_nothing_is_known_is_answered_by_nothing_and_a_warning(
    serve: Serve, tmp_path: Path
) -> None:
    async with serve(tmp_path / "models", engine="auto") as (_, client):
        events = await heard(client, facts_json='{"tempo": 90}', prompts=[pb.Prompt(name="instrumentation")])
        (answer,) = (event for event in events if isinstance(event, pb.Answer))
        assert (answer.text, list(answer.clauses)) == ("", [])
        assert [warning.reason for warning in events[-1].warnings] == ["ANSWER_EMPTY"]


async def test_the_default_is_listed_and_changes_once_a_large_model_is_there(serve: Serve, tmp_path: Path) -> None:
    extra = tmp_path / "extra.toml"
    extra.write_text(ROW)
    async with serve(tmp_path / "models", extra, engine="auto") as (host, client):
        stub = pb_grpc.LlmAudioServiceStub(client._channel)

        async def default() -> list[str]:
            models = (await stub.ListModels(pb.ListModelsRequest())).models
            return [model.identity.name for model in models if model.default_model]

        assert await default() == ["facts"]
        assert (await heard(client))[-1].provenance.engine == "facts"
        path = host.store.blobs.path(hashlib.sha256(LARGE).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LARGE)
        assert await default() == ["large"]
        with pytest.raises(AntiphonClientError) as caught:  # it is chosen, and nothing takes its place
            await heard(client)
        assert caught.value.reason == "MODEL_UNREADABLE"
        assert (await heard(client, engine="facts"))[-1].provenance.engine == "facts"


@pytest.mark.parametrize(
    ("asked", "reason", "field"),
    [
        (
            {"prompts": [pb.Prompt(name="full"), pb.Prompt(name="own", text="In {key}?")]},
            "PROMPT_NOT_BY_RULE",
            "prompts[1].text",
        ),
        ({"prompts": [pb.Prompt(name="full", text="Describe it.")]}, "PROMPT_NOT_BY_RULE", "prompts[0].text"),
        ({"prompts": [pb.Prompt(name="transcribe")]}, "PROMPT_NEEDS_AUDIO", "prompts"),
        ({"json_schema": '{"type": "object"}'}, "SCHEMA_NOT_BY_RULE", "json_schema"),
        ({"facts_json": ""}, "FACTS_MISSING", "facts_json"),
    ],
)
async def test_what_rules_cannot_answer_is_refused(
    serve: Serve, tmp_path: Path, asked: dict[str, Any], reason: str, field: str
) -> None:
    async with serve(tmp_path / "models", engine="auto") as (_, client):
        with pytest.raises(AntiphonClientError) as caught:
            await heard(client, **asked)
        assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
        assert [path for path, _ in caught.value.fields] == [f"config.{field}"]
