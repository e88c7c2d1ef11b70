"""Records as plain data for JSON: the fields' own names, bytes as base64."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pool, json_format
from google.rpc import error_details_pb2

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2

# Imported for its effect: the details of a stage's error can be written only where their types are registered.
_DETAILS = error_details_pb2.DESCRIPTOR.package


def to_document(record: record_pb2.AnalysisRecord) -> dict[str, Any]:
    """Returns the record as plain data; error details of a type that this client does not know are left out."""
    known = record_pb2.AnalysisRecord()
    known.CopyFrom(record)
    for report in known.stage_reports:
        details = (
            [detail for detail in report.error.details if _is_known(detail.TypeName())] if report.error.details else []
        )
        if len(details) != len(report.error.details):
            del report.error.details[:]
            report.error.details.extend(details)
    document: dict[str, Any] = json_format.MessageToDict(known, preserving_proto_field_name=True)
    return document


def _is_known(name: str) -> bool:
    try:
        descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        return False
    return True
