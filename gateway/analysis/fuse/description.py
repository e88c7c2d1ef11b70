"""The record in prose, and the fields that hold what it states."""

from __future__ import annotations

import re
from typing import Any

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2


def description(record: record_pb2.AnalysisRecord) -> record_pb2.DescriptionFact | None:
    """Gives the first answer; its sources are the answer and those fields of the record that it rests on.

    Those are the facts that its clauses name, where it was written by rule, else the facts that hold its claims. A
    fused fact stands for its own sources.
    """
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
    paths = [path for clause in answer.clauses for path in clause.facts]
    if not answer.clauses:
        paths = [claim.fact for claim in answer.claims if claim.supported]
    for field in dict.fromkeys(field for path in paths for field in _fields(record, re.sub(r"\[\d+\]", "", path))):
        # Facts of the caller's own are not in the record.
        if _holds(record, field):
            fact.evidence.add(field=field)
    return fact


def _fields(record: record_pb2.AnalysisRecord, path: str) -> list[str]:
    """Gives the field at a path; for a fused fact the fields that are its sources."""
    whole, _, rest = path.partition(".")
    name = rest.partition(".")[0]
    if whole != "fusion" or name not in record.fusion.DESCRIPTOR.fields_by_name or not record.fusion.HasField(name):
        return [path]
    return [evidence.field for evidence in getattr(record.fusion, name).evidence]


def _holds(message: Any, path: str) -> bool:
    for name in path.split("."):
        if not hasattr(message, "ListFields") or name not in {field.name for field, _ in message.ListFields()}:
            return False
        message = getattr(message, name)
    return True
