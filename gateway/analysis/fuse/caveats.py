"""What a reader of the record should know about it, the parts' own warnings aside."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_wire.status import from_status
from gateway.analysis.fuse.source import sources
from gateway.analysis.stage import UPLOAD


def caveats(record: record_pb2.AnalysisRecord) -> list[evidence_pb2.Warning]:
    """Lists LYRICS_FROM_MIX and SOURCES_DIFFER where they apply."""
    return [*_lyrics_from_mix(record), *_sources_differ(record)]


def not_served(stages: Sequence[str]) -> list[evidence_pb2.Warning]:
    """Gives one STAGE_NOT_SERVED for each stage that was left out because its service is not there."""
    return [
        evidence_pb2.Warning(
            reason="STAGE_NOT_SERVED",
            message=f"this gateway runs without what stage {stage} needs, so it was left out",
            field=stage,
        )
        for stage in stages
    ]


def _lyrics_from_mix(record: record_pb2.AnalysisRecord) -> list[evidence_pb2.Warning]:
    reports = {report.stage: report for report in record.stage_reports}
    speech, separation = reports.get("speech"), reports.get("separation")
    if separation is None or speech is None or speech.input != UPLOAD or not record.HasField("speech"):
        return []
    cause = "it gave no vocals for the part of the audio that speech was asked for"
    if separation.HasField("error"):
        error = from_status(separation.error)
        cause = f"it failed: {error.reason}: {error.message}"
    return [
        evidence_pb2.Warning(
            reason="LYRICS_FROM_MIX",
            message=f"speech listened to the whole mix instead of the vocals that separation should give; {cause}",
            field="fusion.lyrics" if record.fusion.HasField("lyrics") else "speech",
        )
    ]


def _sources_differ(record: record_pb2.AnalysisRecord) -> list[evidence_pb2.Warning]:
    """Compares what each part that listened to the upload decoded; one that does not say disagrees with none."""
    found = sources(record)
    digests = {field: audio.pcm_sha256.hex()[:16] for field, audio in found if audio.HasField("pcm_sha256")}
    frames = {
        field: f"{audio.frame_count} frames at {audio.sample_rate_hertz} Hz"
        for field, audio in found
        if audio.HasField("frame_count")
    }
    result = []
    for what, values in (("samples (SHA-256)", digests), ("length", frames)):
        if len(set(values.values())) > 1:
            listing = ", ".join(f"{field} {value}" for field, value in values.items())
            result.append(
                evidence_pb2.Warning(
                    reason="SOURCES_DIFFER",
                    message=f"the services decoded the upload to different {what}: {listing}",
                    field="source",
                )
            )
    return result
