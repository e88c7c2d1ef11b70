"""Facts into evidence: the provenance, source, progress and warning messages of every answer."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from chassis.reports import ModelReport, ProgressReport, SourceReport, TimeLineReport, WarningReport, WorkReport
from chassis.version import VERSION


def duration(seconds: float) -> Duration:
    """Seconds as a Duration, to the nanosecond."""
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def source(report: SourceReport, upload_sha256: bytes) -> audio_pb2.SourceAudio:
    """What the upload was found to be."""
    message = audio_pb2.SourceAudio(
        upload_sha256=upload_sha256,
        container=report.container,
        codec=report.codec,
        sample_rate_hertz=report.sample_rate,
        channel_count=report.channels,
    )
    if report.pcm_sha256 is not None:
        message.pcm_sha256 = report.pcm_sha256
    if report.frames is not None and report.seconds is not None:
        message.frame_count = report.frames
        message.duration.CopyFrom(duration(report.seconds))
    if report.track is not None:
        message.track = report.track
        message.track_count = report.track_count
    _put_time_line(message, report.time_line)
    return message


def _put_time_line(message: audio_pb2.SourceAudio, found: TimeLineReport) -> None:
    if found.late_seconds:
        message.late_start.CopyFrom(duration(found.late_seconds))
    for hole in found.holes:
        message.holes.add(start_offset=duration(hole.start_seconds), duration=duration(hole.seconds))
    if found.hole_count:
        message.hole_count = found.hole_count
        message.hole_duration.CopyFrom(duration(found.hole_seconds))


def progress(report: ProgressReport) -> evidence_pb2.Progress:
    """How far a job is."""
    message = evidence_pb2.Progress(
        phase=evidence_pb2.Progress.PHASE_LOADING if report.loading else evidence_pb2.Progress.PHASE_COMPUTING,
        step=report.step,
    )
    if report.fraction is not None:
        message.fraction = min(max(report.fraction, 0.0), 1.0)
    if report.audio_seconds is not None:
        message.audio_done.CopyFrom(duration(report.audio_seconds))
    if report.remaining_seconds is not None:
        message.remaining.CopyFrom(duration(report.remaining_seconds))
    return message


def warnings(report: Iterable[WarningReport]) -> list[evidence_pb2.Warning]:
    """Things to know about an answer."""
    return [_warning(each) for each in report]


def _warning(report: WarningReport) -> evidence_pb2.Warning:
    message = evidence_pb2.Warning(reason=report.reason, message=report.message, field=report.field)
    if report.place is not None:
        message.start_offset.CopyFrom(duration(report.place.start_seconds))
        message.end_offset.CopyFrom(duration(report.place.start_seconds + report.place.seconds))
    return message


def model(report: ModelReport) -> evidence_pb2.ModelIdentity:
    """The model that made an answer."""
    return evidence_pb2.ModelIdentity(
        name=report.name,
        revision=report.revision,
        weights_sha256=report.weights_sha256,
        license_spdx=report.license_spdx,
        commercial_use=report.commercial_use,
        digest_source=report.digest_source,
    )


def provenance(
    *,
    service: str,
    work: WorkReport,
    source: SourceReport | None,
    upload_sha256: bytes,
    config_sha256: bytes,
    started: float,
    compute_seconds: float,
    queue_seconds: float,
) -> evidence_pb2.Provenance:
    """How an answer was made.

    Args:
        service: Full protobuf name of the service.
        work: What the worker reported.
        source: The audio as decoded; None where the call had none.
        upload_sha256: SHA-256 of the uploaded bytes; empty where there were none.
        config_sha256: SHA-256 of the config in deterministic form.
        started: When the work began, seconds since the epoch.
        compute_seconds: Wall time in the worker.
        queue_seconds: Wall time waiting for one.
    """
    message = evidence_pb2.Provenance(
        service=service,
        service_version=VERSION,
        engine=work.engine,
        model=model(work.model) if work.model is not None else None,
        parameters=work.parameters,
        config_sha256=config_sha256,
        device=work.device,
        precision=work.precision,
        upload_sha256=upload_sha256,
        compute_duration=duration(compute_seconds),
        queue_duration=duration(queue_seconds),
        library_versions=work.library_versions,
    )
    message.start_time.FromNanoseconds(round(started * 1e9))
    if work.seed is not None:
        message.seed = work.seed
    if source is not None and source.pcm_sha256 is not None:
        message.pcm_sha256 = source.pcm_sha256
    return message
