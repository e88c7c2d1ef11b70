"""What is sung or said, and in which language."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.numbers import number
from gateway.analysis.stage import UPLOAD


def language(record: record_pb2.AnalysisRecord) -> record_pb2.LanguageFact | None:
    """Gives the language of the words; absent where there are none, whatever the detector made of the silence."""
    summary = record.speech.summary
    if not summary.language_code or not _lines(record):
        return None
    fact = record_pb2.LanguageFact(language_code=summary.language_code)
    evidence = fact.evidence.add(field="speech.summary.language_code")
    probability = number(summary, "language_probability")
    if probability is not None:
        evidence.confidence, evidence.confidence_kind = probability, "language probability"
    return fact


def lyrics(record: record_pb2.AnalysisRecord) -> record_pb2.LyricsFact | None:
    """Joins the segments' texts; the confidence is the mean probability of the words that have one."""
    lines = _lines(record)
    if not lines:
        return None
    segments = record.speech.segments
    fact = record_pb2.LyricsFact(
        text="\n".join(lines),
        word_count=sum(len(segment.words) or len(segment.text.split()) for segment in segments),
        from_vocals=any(each.stage == "speech" and each.input not in ("", UPLOAD) for each in record.stage_reports),
    )
    evidence = fact.evidence.add(field="speech.segments")
    probabilities = [
        value for segment in segments for word in segment.words if (value := number(word, "probability")) is not None
    ]
    if probabilities:
        evidence.confidence = sum(probabilities) / len(probabilities)
        evidence.confidence_kind = "mean word probability"
    return fact


def _lines(record: record_pb2.AnalysisRecord) -> list[str]:
    return [segment.text.strip() for segment in record.speech.segments if segment.text.strip()]
