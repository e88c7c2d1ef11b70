"""Composes the record: the parts and reports as they are, then every fact that follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.message import Message

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.caveats import caveats, not_served
from gateway.analysis.fuse.description import description
from gateway.analysis.fuse.key import key
from gateway.analysis.fuse.loudness import loudness
from gateway.analysis.fuse.source import source
from gateway.analysis.fuse.tempo import tempo
from gateway.analysis.fuse.vocals import vocals
from gateway.analysis.fuse.words import language, lyrics
from gateway.analysis.plan import STAGES

SCHEMA_VERSION = 1

_FACTS = {
    "tempo": tempo,
    "key": key,
    "loudness": loudness,
    "language": language,
    "lyrics": lyrics,
    "vocals": vocals,
    "description": description,
}


def fuse(
    parts: Mapping[str, Message], reports: Sequence[record_pb2.StageReport], absent: Sequence[str] = ()
) -> record_pb2.AnalysisRecord:
    """Makes the record.

    Args:
        parts: What each stage said, by its name, which is the record's field; absent for a stage that did not succeed.
        reports: One for each stage asked for, in any order.
        absent: Stages that were left out because this gateway does not have their services.
    """
    record = record_pb2.AnalysisRecord(schema_version=SCHEMA_VERSION)
    order = [stage.name for stage in STAGES]
    record.stage_reports.extend(sorted(reports, key=lambda report: order.index(report.stage)))
    for name, part in parts.items():
        getattr(record, name).CopyFrom(part)
    heard = source(record)
    if heard is not None:
        record.source.CopyFrom(heard)
    record.fusion.SetInParent()
    for name, conclude in _FACTS.items():
        fact = conclude(record)
        if fact is not None:
            getattr(record.fusion, name).CopyFrom(fact)
    record.fusion.warnings.extend([*caveats(record), *not_served(absent)])
    return record


def canonical(record: record_pb2.AnalysisRecord) -> bytes:
    """Serialises a record so that equal records give equal bytes, within one major version of protobuf."""
    serialised: bytes = record.SerializeToString(deterministic=True)
    return serialised
