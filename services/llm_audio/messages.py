"""Between messages and the family's own data: configs in, answers and agreements out."""

from __future__ import annotations

from dataclasses import replace

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from chassis import evidence
from services.llm_audio import comparison
from services.llm_audio import contract as engine

_KINDS: dict[str, pb.Claim.Kind] = {kind: getattr(pb.Claim, f"KIND_{kind.upper()}") for kind in engine.CLAIM_KINDS}


def description_request(config: pb.DescriptionConfig) -> engine.DescriptionRequest:
    """What one description asks for.

    Raises:
        AntiphonError: what :class:`engine.DescriptionRequest` and :class:`engine.Sampling` refuse.
    """
    return _request(config, config.engine, config.model, config.sampling)


def comparison_request(config: pb.ComparisonConfig) -> comparison.ComparisonRequest:
    """What a comparison asks of each side.

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
    config: pb.DescriptionConfig | pb.ComparisonConfig, engine_name: str, model: str, sampling: pb.Sampling
) -> engine.DescriptionRequest:
    prompts = tuple(engine.Prompt(prompt.name, prompt.text) for prompt in config.prompts)
    return engine.DescriptionRequest(
        model=model,
        engine=engine_name,
        prompts=prompts or engine.DescriptionRequest.prompts,
        facts_json=config.facts_json,
        sampling=_sampling(sampling),
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


def answer_message(answer: engine.Answer) -> pb.Answer:
    """An answer, under the key that is the same for every engine."""
    message = pb.Answer(
        prompt=answer.prompt,
        key=engine.export_key(answer.prompt),
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
    message = pb.Claim(
        kind=_KINDS[claim.kind], text=claim.text, supported=claim.supported, fact=claim.fact, unit=claim.unit
    )
    if claim.value is not None:
        message.value = claim.value
    return message


def usage_message(usage: engine.Usage) -> pb.Usage:
    """Work done, counted."""
    return pb.Usage(
        prompt_token_count=usage.prompt,
        evaluated_token_count=usage.evaluated,
        answer_token_count=usage.answer,
        encoded_token_count=usage.encoded,
    )


def piece_message(piece: engine.Piece) -> pb.TextPiece:
    """A piece of text."""
    return pb.TextPiece(prompt=piece.prompt, text=piece.text, attempt=piece.attempt)


def summary_message(
    summary: engine.Summary, source: audio_pb2.SourceAudio | None, provenance: evidence_pb2.Provenance
) -> pb.DescriptionSummary:
    """What was made and how."""
    return pb.DescriptionSummary(
        source=source,
        warnings=evidence.warnings(summary.warnings),
        provenance=provenance,
        usage=usage_message(summary.usage),
        heard_audio=source is not None,
    )


def measures_message(measured: engine.Measured) -> pb.SideMeasures:
    """What a side cost."""
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


def agreement_message(agreement: comparison.Agreement) -> pb.Agreement:
    """How far two sides agree."""
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
