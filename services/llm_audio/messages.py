"""Messages of ``antiphon.llm_audio.v1`` into requests, and what jobs yield into messages; the only place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.message import Message

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis import evidence
from chassis.family.call import Call, Forms
from chassis.family.work import Work
from chassis.reports import WarningFacts
from services.llm_audio import contract
from services.llm_audio.comparison import request as comparison

_KINDS: dict[str, pb.Claim.Kind] = {kind: getattr(pb.Claim, f"KIND_{kind.upper()}") for kind in contract.CLAIM_KINDS}


def description_request(config: pb.DescriptionConfig) -> contract.DescriptionRequest:
    """Reads what one description asks for.

    Raises:
        AntiphonError: what :class:`contract.DescriptionRequest` and :class:`contract.Sampling` refuse.
    """
    return _request(config, config.engine, config.model, config.sampling)


def comparison_request(config: pb.ComparisonConfig) -> comparison.ComparisonRequest:
    """Reads what a comparison asks of each side.

    Raises:
        AntiphonError: what :class:`comparison.ComparisonRequest` and the request of each side refuse.
    """
    sides = []
    for index, side in enumerate(config.sides):
        sampling = pb.Sampling()
        sampling.CopyFrom(config.sampling)
        sampling.MergeFrom(side.sampling)
        request = _request(config, side.engine, side.model, sampling)
        sides.append(comparison.Side(side.name or chr(ord("a") + index), replace(request, cold=True)))
    return comparison.ComparisonRequest(tuple(sides), config.side_by_side)


def _request(
    config: pb.DescriptionConfig | pb.ComparisonConfig, engine: str, model: str, sampling: pb.Sampling
) -> contract.DescriptionRequest:
    prompts = tuple(contract.Prompt(prompt.name, prompt.text) for prompt in config.prompts)
    return contract.DescriptionRequest(
        model=model,
        engine=engine,
        prompts=prompts or contract.DescriptionRequest.prompts,
        facts_json=config.facts_json,
        sampling=_sampling(sampling),
        json_schema=config.json_schema,
        check_claims=config.check_claims if config.HasField("check_claims") else True,
    )


def _sampling(given: pb.Sampling) -> contract.Sampling:
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


def side_response(side: str, event: evidence_pb2.Progress | contract.Piece | contract.Answer) -> pb.CompareResponse:
    """Says whose an event of a comparison is, while that side answers."""
    if isinstance(event, contract.Piece):
        return pb.CompareResponse(piece=pb.SidePiece(side=side, piece=piece_message(event)))
    if isinstance(event, contract.Answer):
        return pb.CompareResponse(answer=pb.SideAnswer(side=side, answer=answer_message(event)))
    return pb.CompareResponse(progress=pb.SideProgress(side=side, progress=event))


def answered_outcome(
    side: str, summary: contract.Summary, call: Call, config: pb.ComparisonConfig, work: Work
) -> pb.SideOutcome:
    """Says how a side answered, and what it cost."""
    return pb.SideOutcome(
        side=side,
        state=pb.SIDE_STATE_ANSWERED,
        summary=summary_message(summary, call, config, work),
        measures=measures_message(summary.measured),
    )


def unanswered_outcome(side: str, error: AntiphonError, unsupported: bool) -> pb.SideOutcome:
    """Says why a side did not answer: it cannot, or it failed."""
    state = pb.SIDE_STATE_UNSUPPORTED if unsupported else pb.SIDE_STATE_FAILED
    return pb.SideOutcome(side=side, state=state, error=status.to_rpc_status(error))


def header_message(header: contract.Header, call: Call) -> pb.DescriptionHeader:
    """Says what is going to be described."""
    source = None if header.source is None else call.source(header.source)
    return pb.DescriptionHeader(source=source, prompts=header.prompts)


def answer_message(answer: contract.Answer) -> pb.Answer:
    """Says an answer, under the key that is the same for every engine."""
    message = pb.Answer(
        prompt=answer.prompt,
        key=contract.export_key(answer.prompt),
        text=answer.text,
        finish_reason=_reason(answer.finished),
        claims=[_claim(claim) for claim in answer.claims],
        attempt_count=answer.attempts,
        usage=usage_message(answer.usage),
        asked=answer.asked,
        passages=[_passage(each) for each in answer.passages],
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
        kind=_KINDS[claim.kind], text=claim.text, supported=claim.supported, fact=claim.fact, unit=claim.unit
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


def piece_message(piece: contract.Piece) -> pb.TextPiece:
    """Says a piece of an answer."""
    return pb.TextPiece(prompt=piece.prompt, text=piece.text, attempt=piece.attempt)


def summary_message(
    summary: contract.Summary, call: Call, config: Message, work: Work | None = None
) -> pb.DescriptionSummary:
    """Says what was made and how; ``work`` is the description's job where it is not the call's only one."""
    return pb.DescriptionSummary(
        source=None if summary.source is None else call.source(summary.source),
        warnings=evidence.warnings(summary.warnings),
        provenance=call.provenance(summary.work, summary.source, config, work),
        usage=usage_message(summary.usage),
        heard_audio=summary.source is not None,
    )


def measures_message(measured: contract.Measured) -> pb.SideMeasures:
    """Says what a side cost."""
    message = pb.SideMeasures(
        answer_duration=evidence.duration(measured.answer_seconds),
        cpu_duration=evidence.duration(measured.cpu_seconds),
        memory_before_bytes=measured.memory_before_bytes,
    )
    if measured.load_seconds is not None:
        message.load_duration.CopyFrom(evidence.duration(measured.load_seconds))
    if measured.first_text_seconds is not None:
        message.first_text_duration.CopyFrom(evidence.duration(measured.first_text_seconds))
    if measured.tokens_per_second is not None:
        message.tokens_per_second = measured.tokens_per_second
    if measured.peak_memory_bytes is not None:
        message.peak_memory_bytes = measured.peak_memory_bytes
    return message


def comparison_summary(
    source: audio_pb2.SourceAudio | None,
    agreements: Sequence[comparison.Agreement],
    warnings: Sequence[WarningFacts],
    answered: Sequence[str],
    unanswered: Sequence[str],
) -> pb.ComparisonSummary:
    """Says what came of a comparison: how far each two sides agree, and the names of those that answered or did not."""
    return pb.ComparisonSummary(
        source=source,
        agreements=[agreement_message(each) for each in agreements],
        warnings=evidence.warnings(warnings),
        answered=answered,
        unanswered=unanswered,
    )


def agreement_message(agreement: comparison.Agreement) -> pb.Agreement:
    """Says how far two sides agree."""
    return pb.Agreement(
        a=agreement.a,
        b=agreement.b,
        identical=agreement.identical,
        chrf=agreement.chrf,
        token_f1=agreement.token_f1,
        claims=[_claims(each) for each in agreement.claims],
        prompts=[
            pb.PromptAgreement(
                prompt=each.prompt,
                identical=each.identical,
                chrf=each.chrf,
                token_f1=each.token_f1,
                claims=[_claims(kind) for kind in each.claims],
            )
            for each in agreement.prompts
        ],
    )


def _claims(claims: comparison.ClaimAgreement) -> pb.ClaimAgreement:
    message = pb.ClaimAgreement(kind=_KINDS[claims.kind], both=claims.both, only_a=claims.only_a, only_b=claims.only_b)
    if claims.agreement is not None:
        message.agreement = claims.agreement
    return message
