"""The llm_audio RPCs: where the wire meets the engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from chassis import evidence
from chassis.server import rpc
from chassis.server.family import Call, Family, FamilyHost, clip_range
from services.llm_audio import engine
from services.llm_audio.settings import LlmAudioSettings as Settings

FULL_NAME = pb.DESCRIPTOR.services_by_name["LlmAudioService"].full_name
register = pb_grpc.add_LlmAudioServiceServicer_to_server

_KINDS = {kind: pb.Claim.Kind.Value(f"KIND_{kind.upper()}") for kind in engine.CLAIM_KINDS}


def family(settings: Settings) -> Family:
    """What sets this family apart."""
    return Family("llm_audio", "services.llm_audio.job:Jobs", settings, Path(__file__).parent / "models.toml")


class Servicer(pb_grpc.LlmAudioServiceServicer):
    """Answers LlmAudioService's RPCs."""

    def __init__(self, host: FamilyHost) -> None:
        self._host = host

    @rpc
    async def Describe(self, requests: AsyncIterator[pb.DescribeRequest], context: Any) -> AsyncIterator[Any]:
        """Streams the answers to prompts about a recording, or about facts."""
        async with Call(self._host, requests, FULL_NAME) as call:
            config = await call.config()
            request = _request(config)
            async with aclosing(call.run("describe", request, needs_audio=False)) as events:
                async for event in events:
                    if isinstance(event, evidence_pb2.Progress):
                        yield pb.DescribeResponse(progress=event)
                    elif isinstance(event, engine.Header):
                        source = None if event.source is None else call.source(event.source)
                        yield pb.DescribeResponse(header=pb.DescriptionHeader(source=source, prompts=event.prompts))
                    elif isinstance(event, engine.Piece):
                        piece = pb.TextPiece(prompt=event.prompt, text=event.text, attempt=event.attempt)
                        yield pb.DescribeResponse(piece=piece)
                    elif isinstance(event, engine.Answer):
                        yield pb.DescribeResponse(answer=_answer(event))
                    elif isinstance(event, engine.Summary):
                        yield pb.DescribeResponse(summary=_summary(event, call, config))

    @rpc
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Names the models of the manifest."""
        return pb.ListModelsResponse(models=self._host.models())


def _request(config: pb.DescriptionConfig) -> engine.DescriptionRequest:
    clip_range(config.clip if config.HasField("clip") else None)
    prompts = tuple(engine.Prompt(prompt.name, prompt.text) for prompt in config.prompts)
    return engine.DescriptionRequest(
        model=config.model,
        engine=config.engine,
        prompts=prompts or engine.DescriptionRequest.prompts,
        facts_json=config.facts_json,
        sampling=_sampling(config.sampling),
        json_schema=config.json_schema,
        check_claims=config.check_claims if config.HasField("check_claims") else True,
    )


def _sampling(given: pb.Sampling) -> engine.Sampling:
    values = {field.name: value for field, value in given.ListFields()}
    warm = values.get("temperature", 0.0) > 0.0
    if values.get("temperature") == 0.0:
        # What most people mean by it: the likeliest token. The temperature that is then unused keeps its default.
        del values["temperature"]
        values["do_sample"] = False
    values.setdefault("do_sample", warm)
    return engine.Sampling(**values)


def _answer(answer: engine.Answer) -> pb.Answer:
    message = pb.Answer(
        prompt=answer.prompt,
        key=engine.export_key(answer.prompt),
        text=answer.text,
        finish_reason=_reason(answer.finished),
        claims=[_claim(claim) for claim in answer.claims],
        attempt_count=answer.attempts,
        usage=_usage(answer.usage),
        asked=answer.asked,
        passages=[_passage(each) for each in answer.passages],
    )
    if answer.json is not None:
        message.json = answer.json
    return message


def _passage(answer: engine.PassageAnswer) -> pb.PassageAnswer:
    message = pb.PassageAnswer(
        start_offset=evidence.duration(answer.passage.start_seconds),
        end_offset=evidence.duration(answer.passage.end_seconds),
        text=answer.text,
        finish_reason=_reason(answer.finished),
    )
    if answer.json is not None:
        message.json = answer.json
    return message


def _reason(finished: bool) -> pb.FinishReason:
    return pb.FINISH_REASON_STOP if finished else pb.FINISH_REASON_LENGTH


def _claim(claim: engine.Claim) -> pb.Claim:
    message = pb.Claim(kind=_KINDS[claim.kind], text=claim.text, supported=claim.supported, fact=claim.fact)
    if claim.value is not None:
        message.value = claim.value
    return message


def _usage(usage: engine.Usage) -> pb.Usage:
    return pb.Usage(
        prompt_token_count=usage.prompt,
        evaluated_token_count=usage.evaluated,
        answer_token_count=usage.answer,
        encoded_token_count=usage.encoded,
    )


def _summary(event: engine.Summary, call: Call, config: pb.DescriptionConfig) -> pb.DescriptionSummary:
    return pb.DescriptionSummary(
        source=None if event.source is None else call.source(event.source),
        warnings=evidence.warnings(event.warnings),
        provenance=call.provenance(event.work, event.source, config),
        usage=_usage(event.usage),
        heard_audio=event.source is not None,
    )
