"""Where the stages of a record say what made them and what to beware of, whatever shape their answers have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.rpcs import STAGES


def provenances(record: record_pb2.AnalysisRecord) -> Iterator[tuple[str, evidence_pb2.Provenance]]:
    """Yields each stage that answered, with what made its answer; of several answers that of the first."""
    for stage in STAGES:
        first: Any = next(_ends(getattr(record, stage)), None)
        if first is not None and first.HasField("provenance"):
            yield stage, first.provenance


def warnings(record: record_pb2.AnalysisRecord) -> Iterator[evidence_pb2.Warning]:
    """Yields the warnings of the fusion and of every stage, those that say the same once."""
    seen = set()
    ends = (end for stage in STAGES for end in _ends(getattr(record, stage)))
    for part in (record.fusion, *ends):
        for warning in part.warnings:
            if (warning.reason, warning.message) not in seen:
                seen.add((warning.reason, warning.message))
                yield warning


def _ends(part: Any) -> Iterator[Any]:
    """The messages with ``provenance`` and ``warnings``: the part itself, its summary, or those of its members."""
    fields = part.DESCRIPTOR.fields_by_name
    if "provenance" in fields:
        yield part
    elif "summary" in fields:
        yield part.summary
    else:
        for _, members in part.ListFields():
            for member in members:
                yield from _ends(member)
