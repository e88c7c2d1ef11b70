"""The record in prose, and the fields that hold what it states."""

from __future__ import annotations

import re
from typing import Any

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2


def description(record: record_pb2.AnalysisRecord) -> record_pb2.DescriptionFact | None:
    """Gives the first answer; its sources are the answer and those parts of the record that its claims rest on."""
    answers = [answer for answer in record.llm_audio.answers if answer.text]
    if not answers:
        return None
    answer = answers[0]
    fact = record_pb2.DescriptionFact(
        text=answer.text,
        heard_audio=record.llm_audio.summary.heard_audio,
        unsupported_claim_count=sum(not claim.supported for claim in answer.claims),
    )
    fact.evidence.add(field="llm_audio.answers")
    held = dict.fromkeys(re.sub(r"\[\d+\]", "", claim.fact) for claim in answer.claims if claim.supported)
    for field in held:
        # Facts of the caller's own are not in the record.
        if _holds(record, field):
            fact.evidence.add(field=field)
    return fact


def _holds(message: Any, path: str) -> bool:
    for name in path.split("."):
        if not hasattr(message, "ListFields") or name not in {field.name for field, _ in message.ListFields()}:
            return False
        message = getattr(message, name)
    return True
