"""The tempo on which most estimators agree."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.fuse.numbers import number

# The margin of the "accuracy 1" measure by which tempo estimators are compared (Gouyon et al. 2006).
TOLERANCE = 0.04

_ESTIMATORS = ("bpm", "bpm_degara", "bpm_percival")
_PREFIX = "essentia.features.rhythm"
_BEAT_CONFIDENCE = "confidence of the beat tracker over its maximum"


def tempo(record: record_pb2.AnalysisRecord) -> record_pb2.TempoFact | None:
    """Chooses the estimate with which most others agree within 4 %; between equals, the first of the estimators.

    Double and half tempo count as disagreement and stay visible as candidates.
    """
    rhythm = record.essentia.features.rhythm
    estimates = [(name, value) for name in _ESTIMATORS if (value := number(rhythm, name)) is not None and value > 0]
    if not estimates:
        return None
    values = [value for _, value in estimates]
    chosen = max(values, key=lambda value: sum(_agree(value, other) for other in values))
    fact = record_pb2.TempoFact(bpm=chosen)
    for name, value in estimates:
        agrees = _agree(chosen, value)
        fact.candidates.add(bpm=value, field=f"{_PREFIX}.{name}", agrees=agrees)
        if agrees:
            evidence = fact.evidence.add(field=f"{_PREFIX}.{name}")
            confidence = number(rhythm, "beat_confidence_norm") if name == "bpm" else None
            if confidence is not None:
                evidence.confidence, evidence.confidence_kind = confidence, _BEAT_CONFIDENCE
    agreeing = sum(candidate.agrees for candidate in fact.candidates)
    if len(estimates) > 1:
        fact.agreement = agreeing / len(estimates)
    fact.disputed = agreeing < len(estimates)
    return fact


def _agree(chosen: float, other: float) -> bool:
    return abs(other - chosen) <= TOLERANCE * chosen
