"""Comparisons: what is asked of each side, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_wire import status
from antiphon_wire.errors import AntiphonError
from chassis import evidence
from chassis.family.call import Call
from chassis.family.work import Work
from chassis.reports import WarningReport
from services.llm_audio import contract
from services.llm_audio.comparison import request as comparison
from services.llm_audio.messages.description import (
    CLAIM_KINDS,
    answer_message,
    piece_message,
    request_of,
    sampling_of,
    summary_message,
)


def comparison_request(config: pb.ComparisonConfig) -> comparison.ComparisonRequest:
    """Reads what a comparison asks of each side.

    Raises:
        AntiphonError: what :class:`comparison.ComparisonRequest` and the request of each side refuse.
    """
    comparison.check_side_count(len(config.sides))
    asked = request_of(config, "", "", pb.Sampling())
    sides = []
    for index, side in enumerate(config.sides):
        sampling = pb.Sampling()
        sampling.CopyFrom(config.sampling)
        sampling.MergeFrom(side.sampling)
        # What all sides are asked is read once and shared: the facts may be large.
        request = replace(asked, engine=side.engine, model=side.model, sampling=sampling_of(sampling), cold=True)
        sides.append(comparison.Side(side.name or chr(ord("a") + index), request))
    return comparison.ComparisonRequest(tuple(sides), config.side_by_side)


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
    warnings: Sequence[WarningReport],
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
    message = pb.ClaimAgreement(
        kind=CLAIM_KINDS[claims.kind], both=claims.both, only_a=claims.only_a, only_b=claims.only_b
    )
    if claims.agreement is not None:
        message.agreement = claims.agreement
    return message
