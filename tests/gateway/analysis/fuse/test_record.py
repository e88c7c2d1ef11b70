"""The record as a whole: complete, traceable, and the same for any order of arrival."""

from __future__ import annotations

import random
from typing import Any

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_wire.errors import not_ready
from antiphon_wire.status import to_rpc_status
from gateway.analysis.fuse.record import SCHEMA_VERSION, canonical, fuse

STAGES = ("separation", "speech", "essentia", "stem_features", "llm_audio")

unit = st.floats(0.0, 1.0)
bpm = st.floats(30.0, 300.0)
text = st.text(max_size=12)


def source(pcm: bytes = b"p" * 32, frames: int = 100) -> audio_pb2.SourceAudio:
    return audio_pb2.SourceAudio(upload_sha256=b"u" * 32, pcm_sha256=pcm, sample_rate_hertz=100, frame_count=frames)


@st.composite
def separations(draw: Any) -> Message:
    result = separation_pb2.SeparationSummary(source=source())
    for name in draw(st.lists(st.sampled_from(["vocals", "drums", "bass"]), unique=True)):
        stem = result.stems.add(name=name)
        if draw(st.booleans()):
            stem.energy_share = draw(unit)
    return result


@st.composite
def transcripts(draw: Any) -> Message:
    result = speech_pb2.Transcript()
    result.summary.language_code = draw(st.sampled_from(["", "en", "hr"]))
    for words in draw(st.lists(st.lists(text, max_size=3), max_size=3)):
        segment = result.segments.add(text=" ".join(words))
        for word in words:
            segment.words.add(text=word, probability=draw(unit))
    return result


@st.composite
def analyses(draw: Any) -> Message:
    result = essentia_pb2.Analysis()
    result.summary.source.CopyFrom(source(frames=draw(st.integers(99, 100))))
    for name in draw(st.lists(st.sampled_from(["bpm", "bpm_multifeature", "bpm_degara", "bpm_percival"]), unique=True)):
        setattr(result.features.rhythm, name, draw(bpm))
    for profile in draw(st.lists(st.sampled_from(["edma", "temperley"]), unique=True)):
        result.features.tonal.key_estimates.add(profile=profile, tonic=draw(st.sampled_from("CDE")), scale="major")
        result.features.tonal.key_tonic, result.features.tonal.key_scale = "C", "major"
    for key in draw(st.lists(text, unique=True)):
        result.summary.provenance.library_versions[key] = draw(text)
    return result


@st.composite
def stem_analyses(draw: Any) -> Message:
    result = essentia_pb2.StemAnalyses()
    for name in draw(st.lists(st.sampled_from(["vocals", "drums", "bass"]), unique=True)):
        result.stems.add().features.stem.name = name
    return result


@st.composite
def descriptions(draw: Any) -> Message:
    result = llm_audio_pb2.Description()
    fields = ["essentia.features.rhythm.bpm", "speech.segments", "essentia.tag_sets", "title"]
    for words in draw(st.lists(text, max_size=2)):
        answer = result.answers.add(text=words)
        for field in draw(st.lists(st.sampled_from(fields), max_size=3)):
            answer.claims.add(supported=True, fact=field)
    return result


@st.composite
def findings(draw: Any) -> tuple[dict[str, Message], list[record_pb2.StageReport]]:
    parts: dict[str, Message] = {}
    reports = []
    strategies = (separations(), transcripts(), analyses(), stem_analyses(), descriptions())
    for name, strategy in zip(STAGES, strategies, strict=True):
        heard = "separation.*" if name == "stem_features" else "upload"
        match draw(st.sampled_from(["absent", "failed", "succeeded"])):
            case "failed":
                error = to_rpc_status(not_ready("MODEL_NOT_INSTALLED", "pull it"))
                state = record_pb2.STAGE_STATE_FAILED
                reports.append(record_pb2.StageReport(stage=name, state=state, error=error, input=heard))
            case "succeeded":
                state = record_pb2.STAGE_STATE_SUCCEEDED
                parts[name] = draw(strategy)
                reports.append(record_pb2.StageReport(stage=name, state=state, input=heard))
    return parts, reports


@given(findings(), st.randoms())
def test_any_order_of_arrival_gives_the_same_bytes(
    found: tuple[dict[str, Message], list[record_pb2.StageReport]], order: random.Random
) -> None:
    parts, reports = found
    names, shuffled = list(parts), list(reports)
    order.shuffle(names)
    order.shuffle(shuffled)
    again = {name: refilled(parts[name], order) for name in names}
    assert canonical(fuse(again, shuffled)) == canonical(fuse(parts, reports))


def refilled(part: Message, order: random.Random) -> Message:
    """Copies a part with its map of library versions filled in another order."""
    result = type(part)()
    result.CopyFrom(part)
    if isinstance(result, essentia_pb2.Analysis) and result.summary.HasField("provenance"):
        versions = list(result.summary.provenance.library_versions.items())
        result.summary.provenance.library_versions.clear()
        order.shuffle(versions)
        for key, value in versions:
            result.summary.provenance.library_versions[key] = value
    return result


@given(findings())
def test_every_fact_names_fields_that_the_record_holds(
    found: tuple[dict[str, Message], list[record_pb2.StageReport]],
) -> None:
    record = fuse(*found)
    fields = [candidate.field for candidate in record.fusion.tempo.candidates]
    for descriptor, fact in record.fusion.ListFields():
        if descriptor.name != "warnings":
            assert fact.evidence, f"{descriptor.name} says not where it comes from"
            fields += [evidence.field for evidence in fact.evidence]
            for evidence in fact.evidence:
                assert evidence.HasField("confidence") == bool(evidence.confidence_kind)
    for field in fields:
        assert holds(record, field), field


def holds(message: Any, path: str) -> bool:
    """True where every step of a path is set."""
    for name in path.split("."):
        if name not in [descriptor.name for descriptor, _ in message.ListFields()]:
            return False
        message = getattr(message, name)
    return True


@given(findings())
def test_nothing_is_said_without_a_part_that_says_it(
    found: tuple[dict[str, Message], list[record_pb2.StageReport]],
) -> None:
    parts, reports = found
    record = fuse(parts, reports)
    assert record.schema_version == SCHEMA_VERSION
    assert [report.stage for report in record.stage_reports] == [
        name for name in STAGES if name in {report.stage for report in reports}
    ]
    for name in STAGES:
        assert record.HasField(name) == (name in parts)  # type: ignore[arg-type]
    if "essentia" not in parts:
        assert not any(record.fusion.HasField(name) for name in ("tempo", "key", "loudness"))
    if "speech" not in parts:
        assert not any(record.fusion.HasField(name) for name in ("language", "lyrics"))
    if "separation" not in parts:
        assert not record.fusion.HasField("vocals")
    if "llm_audio" not in parts:
        assert not record.fusion.HasField("description")


def test_no_parts_make_an_empty_fusion() -> None:
    assert fuse({}, []) == record_pb2.AnalysisRecord(schema_version=SCHEMA_VERSION, fusion=record_pb2.Fusion())


def two_sources(**changes: Any) -> record_pb2.AnalysisRecord:
    """Fuses a separation and an analysis that decoded the upload, the second with changes."""
    analysis = essentia_pb2.Analysis()
    analysis.summary.source.CopyFrom(source(**changes))
    reports = [
        record_pb2.StageReport(stage=name, state=record_pb2.STAGE_STATE_SUCCEEDED, input="upload")
        for name in ("separation", "essentia")
    ]
    return fuse({"separation": separation_pb2.SeparationSummary(source=source()), "essentia": analysis}, reports)


def test_services_that_decoded_alike_give_no_warning() -> None:
    record = two_sources()
    assert record.source == source()
    assert list(record.fusion.warnings) == []


def test_services_that_decoded_differently_are_named() -> None:
    record = two_sources(pcm=b"q" * 32, frames=101)
    assert [warning.reason for warning in record.fusion.warnings] == ["SOURCES_DIFFER"] * 2
    digests, lengths = (warning.message for warning in record.fusion.warnings)
    assert "separation.source" in digests
    assert "essentia.summary.source" in digests
    assert "101 frames at 100 Hz" in lengths
    assert record.source == source()


def test_a_part_that_listened_to_vocals_does_not_speak_for_the_upload() -> None:
    transcript = speech_pb2.Transcript()
    transcript.summary.source.CopyFrom(source(pcm=b"v" * 32))
    report = record_pb2.StageReport(stage="speech", state=record_pb2.STAGE_STATE_SUCCEEDED, input="separation.vocals")
    assert not fuse({"speech": transcript}, [report]).HasField("source")


def test_a_part_that_decoded_all_speaks_before_one_that_did_not() -> None:
    part, analysis = separation_pb2.SeparationSummary(), essentia_pb2.Analysis()
    part.source.upload_sha256 = b"u" * 32
    analysis.summary.source.CopyFrom(source())
    reports = [record_pb2.StageReport(stage=name, input="upload") for name in ("separation", "essentia")]
    assert fuse({"separation": part, "essentia": analysis}, reports).source == source()
