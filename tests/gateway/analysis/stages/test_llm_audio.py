"""Prose in the gateway: what the language model is given, and what the record keeps of it."""

from __future__ import annotations

import json

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_wire.errors import AntiphonError
from tests.gateway.conftest import Gateway, Peers
from tests.gateway.peers import fails


async def test_the_model_is_given_the_upload_and_what_essentia_and_speech_said(
    gateway: Gateway, peers: Peers, song: bytes
) -> None:
    answer = await gateway.analyze(song)
    (heard,) = peers.llm_audio.heard
    assert heard.byte_count == len(song)
    facts = json.loads(heard.config.facts_json)
    assert facts["essentia"]["features"]["rhythm"]["bpm"] == 120.0
    assert facts["speech"]["segments"] == [{"text": "hello darkness"}, {"text": "my old friend"}]
    assert facts["speech"]["summary"] == {"language_code": "en"}
    assert answer.states("llm_audio") == ["WAITING", "RUNNING", "SUCCEEDED"]
    assert [piece.text for piece in answer.of("text_piece")] == ["A song ", "in A minor."]


async def test_the_record_has_the_prose_with_the_fields_that_hold_it(gateway: Gateway) -> None:
    record = (await gateway.analyze()).record
    assert record.llm_audio.answers[0].key == "music_flamingo_full"
    fact = record.fusion.description
    assert fact.text == "A song in A minor."
    assert not fact.heard_audio
    assert fact.unsupported_claim_count == 1
    assert [evidence.field for evidence in fact.evidence] == [
        "llm_audio.answers",
        "essentia.features.tonal.key_tonic",
    ]


async def test_a_caller_may_give_facts_and_prompts_of_their_own(gateway: Gateway, peers: Peers) -> None:
    config = llm_audio_pb2.DescriptionConfig(
        facts_json='{"title": "x"}', prompts=[llm_audio_pb2.Prompt(name="technical")]
    )
    await gateway.analyze(stages=["llm_audio"], llm_audio=config)
    (heard,) = peers.llm_audio.heard
    assert heard.config.facts_json == '{"title": "x"}'
    assert [prompt.name for prompt in heard.config.prompts] == ["technical"]
    assert peers.essentia.heard == peers.speech.heard == []


async def test_a_stage_that_fails_costs_the_prose_its_facts_and_nothing_more(gateway: Gateway, peers: Peers) -> None:
    peers.essentia.script = [fails(AntiphonError("INVALID_ARGUMENT", "AUDIO_TOO_SHORT", "10 ms"))]
    answer = await gateway.analyze(stages=["speech", "essentia", "llm_audio"])
    assert set(json.loads(peers.llm_audio.heard[0].config.facts_json)) == {"speech"}
    assert answer.report("llm_audio").state == record_pb2.STAGE_STATE_SUCCEEDED
