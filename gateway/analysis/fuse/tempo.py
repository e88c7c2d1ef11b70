"""The tempo that essentia settled on, and what each of its estimators says."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.numbers import number

# The margin of the "accuracy 1" measure by which tempo estimators are compared (Gouyon et al. 2006).
TOLERANCE = 0.04

_TRACKER = "bpm_multifeature"
_ESTIMATORS = (_TRACKER, "bpm_degara", "bpm_percival", "bpm_autocorrelation", "bpm_beatnet")
_PREFIX = "essentia.features.rhythm"
_BEAT_CONFIDENCE = "confidence of the beat tracker over its maximum"


def tempo(record: record_pb2.AnalysisRecord) -> record_pb2.TempoFact | None:
    """Gives essentia's tempo, how many of its estimators agree with it within 4 %, its segments and the meter.

    Octaves are settled where the onsets can be heard, in the service; a vote here would undo that. Double and half
    tempo count as disagreement and stay visible as candidates.
    """
    rhythm = record.essentia.features.rhythm
    chosen = number(rhythm, "bpm")
    if chosen is None or chosen <= 0:
        return None
    fact = record_pb2.TempoFact(bpm=chosen)
    fact.evidence.add(field=f"{_PREFIX}.bpm")
    for name in _ESTIMATORS:
        value = number(rhythm, name)
        if value is None or value <= 0:
            continue
        agrees = abs(value - chosen) <= TOLERANCE * chosen
        fact.candidates.add(bpm=value, field=f"{_PREFIX}.{name}", agrees=agrees)
        if agrees:
            evidence = fact.evidence.add(field=f"{_PREFIX}.{name}")
            confidence = number(rhythm, "beat_confidence_norm") if name == _TRACKER else None
            if confidence is not None:
                evidence.confidence, evidence.confidence_kind = confidence, _BEAT_CONFIDENCE
    agreeing = sum(candidate.agrees for candidate in fact.candidates)
    told = number(rhythm, "bpm_agreement")
    if len(fact.candidates) > 1:
        fact.agreement = agreeing / len(fact.candidates) if told is None else told
    fact.kind = rhythm.tempo_kind
    if len(rhythm.tempo_segments) > 1:
        fact.segments.extend(rhythm.tempo_segments)
    if rhythm.HasField("meter"):
        fact.meter = rhythm.meter
    fact.disputed = agreeing < len(fact.candidates) or len(fact.segments) > 1
    return fact
