"""Descriptions: what is asked for, and what their jobs yield."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message

from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from chassis import evidence
from chassis.family.call import Call, Forms
from chassis.family.work import Work
from services.llm_audio import contract

CLAIM_KINDS: Mapping[str, pb.Claim.Kind] = {
    kind: getattr(pb.Claim, f"KIND_{kind.upper()}") for kind in contract.CLAIM_KINDS
}


def description_request(config: pb.DescriptionConfig) -> contract.DescriptionRequest:
    """Reads what one description asks for.

    Raises:
        AntiphonError: what :class:`contract.DescriptionRequest` and :class:`contract.Sampling` refuse.
    """
    return request_of(config, config.engine, config.model, config.sampling)


def request_of(
    config: pb.DescriptionConfig | pb.ComparisonConfig, engine: str, model: str, sampling: pb.Sampling
) -> contract.DescriptionRequest:
    """Reads what a model is asked: the prompts, the facts and the rest of ``config``; who answers, and how it chooses.

    Raises:
        AntiphonError: what :class:`contract.DescriptionRequest` and :class:`contract.Sampling` refuse.
    """
    contract.check_prompt_count(len(config.prompts) or 1)
    prompts = tuple(contract.Prompt(prompt.name, prompt.text) for prompt in config.prompts)
    return contract.DescriptionRequest(
        model=model,
        engine=engine,
        prompts=prompts or contract.DescriptionRequest.prompts,
        facts_json=config.facts_json,
        sampling=sampling_of(sampling),
        json_schema=config.json_schema,
        check_claims=config.check_claims if config.HasField("check_claims") else True,
    )


def sampling_of(given: pb.Sampling) -> contract.Sampling:
    """Reads how tokens are chosen.

    Raises:
        AntiphonError: what :class:`contract.Sampling` refuses.
    """
    values = {field.name: value for field, value in given.ListFields()}
    warm = values.get("temperature", 0.0) > 0.0
    if values.get("temperature") == 0.0:
        # What most people mean by it: the likeliest token. The temperature that is then unused keeps its default.
        del values["temperature"]
        values["do_sample"] = False
    values.setdefault("do_sample", warm)
    return contract.Sampling(**values)


def description_forms(call: Call, config: pb.DescriptionConfig) -> Forms:
    """Tells how each event of a description becomes a response of its call."""
    return {
        evidence_pb2.Progress: lambda event: pb.DescribeResponse(progress=event),
        contract.Header: lambda event: pb.DescribeResponse(header=header_message(event, call)),
        contract.Piece: lambda event: pb.DescribeResponse(piece=piece_message(event)),
        contract.Answer: lambda event: pb.DescribeResponse(answer=answer_message(event)),
        contract.Summary: lambda event: pb.DescribeResponse(summary=summary_message(event, call, config)),
    }


def header_message(header: contract.Header, call: Call) -> pb.DescriptionHeader:
    """Says what is going to be described."""
    source = None if header.source is None else call.source(header.source)
    return pb.DescriptionHeader(source=source, prompts=header.prompts)


def piece_message(piece: contract.Piece) -> pb.TextPiece:
    """Says a piece of an answer."""
    return pb.TextPiece(prompt=piece.prompt, text=piece.text, attempt=piece.attempt)


def answer_message(answer: contract.Answer) -> pb.Answer:
    """Says an answer, under its key."""
    message = pb.Answer(
        prompt=answer.prompt,
        key=contract.answer_key(answer.prompt, answer.heard),
        text=answer.text,
        finish_reason=_reason(answer.finished),
        claims=[_claim(claim) for claim in answer.claims],
        attempt_count=answer.attempts,
        usage=usage_message(answer.usage),
        asked=answer.asked,
        passages=[_passage(each) for each in answer.passages],
        clauses=[pb.Clause(text=clause.text, facts=clause.facts) for clause in answer.clauses],
    )
    if answer.json is not None:
        message.json = answer.json
    return message


def _passage(answer: contract.PassageAnswer) -> pb.PassageAnswer:
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


def _claim(claim: contract.Claim) -> pb.Claim:
    message = pb.Claim(
        kind=CLAIM_KINDS[claim.kind], text=claim.text, supported=claim.supported, fact=claim.fact, unit=claim.unit
    )
    if claim.value is not None:
        message.value = claim.value
    return message


def usage_message(usage: contract.Usage) -> pb.Usage:
    """Counts the work done."""
    return pb.Usage(
        prompt_token_count=usage.prompt,
        evaluated_token_count=usage.evaluated,
        answer_token_count=usage.answer,
        encoded_token_count=usage.encoded,
    )


def summary_message(
    summary: contract.Summary, call: Call, config: Message, work: Work | None = None
) -> pb.DescriptionSummary:
    """Says what was made and how; ``work`` is the description's job where it is not the call's only one."""
    return pb.DescriptionSummary(
        source=None if summary.source is None else call.source(summary.source),
        warnings=evidence.warnings(summary.warnings),
        provenance=call.provenance(summary.work, summary.source, config, work),
        usage=usage_message(summary.usage),
        heard_audio=summary.source is not None and summary.asked,
    )
