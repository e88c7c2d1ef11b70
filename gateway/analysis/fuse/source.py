"""What the uploaded audio is, by the parts that listened to it."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.audio.v1 import audio_pb2
from gateway.analysis.stage import UPLOAD


def source(record: record_pb2.AnalysisRecord) -> audio_pb2.SourceAudio | None:
    """Gives the upload as the first part found it that decoded it whole, else as the first part found it."""
    found = [audio for _, audio in sources(record)]
    return next((audio for audio in found if audio.HasField("pcm_sha256")), found[0] if found else None)


def sources(record: record_pb2.AnalysisRecord) -> list[tuple[str, audio_pb2.SourceAudio]]:
    """Lists (field, audio) of each part that listened to the upload, in the plan's order."""
    result = []
    for report in record.stage_reports:
        if report.input != UPLOAD or not record.HasField(report.stage):
            continue
        part = getattr(record, report.stage)
        nested = "summary" in part.DESCRIPTOR.fields_by_name
        summary = part.summary if nested else part
        if summary.HasField("source"):
            result.append((f"{report.stage}.summary.source" if nested else f"{report.stage}.source", summary.source))
    return result
