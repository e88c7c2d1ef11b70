"""The key, who votes for it, its mode, and the keys of the stretches where it changes."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.numbers import number

_FIELD = "essentia.features.tonal.key_tonic"
_KIND = "share of key profiles and networks that vote for it"
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "b": -1}


def key(record: record_pb2.AnalysisRecord) -> record_pb2.KeyFact | None:
    """Gives essentia's key, how many profiles and networks vote for it, and all that they vote for.

    C# and Db count as one vote. Agreement is absent where a single profile was asked, and 0 where the chords decide
    for a key that no profile names.
    """
    tonal = record.essentia.features.tonal
    if not tonal.key_tonic or not tonal.key_scale:
        return None
    fact = record_pb2.KeyFact(tonic=tonal.key_tonic, scale=tonal.key_scale, mode=tonal.key_mode)
    if len(tonal.key_segments) > 1:
        fact.segments.extend(tonal.key_segments)
    chosen = (pitch_class(tonal.key_tonic), tonal.key_scale)
    votes = []
    for estimate in tonal.key_estimates:
        candidate = fact.candidates.add(tonic=estimate.tonic, scale=estimate.scale, profile=estimate.profile)
        strength = number(estimate, "strength")
        if strength is not None:
            candidate.strength = strength
        probability = number(estimate, "probability")
        if probability is not None:
            candidate.probability = probability
        votes.append((pitch_class(estimate.tonic), estimate.scale) == chosen)
    evidence = fact.evidence.add(field=_FIELD)
    agreement = number(tonal, "key_agreement")
    if agreement is None and len(votes) > 1:
        agreement = sum(votes) / len(votes)
    if agreement is not None:
        fact.agreement = agreement
    if agreement:
        # Where none votes for it, essentia went by the chords: the profiles have no confidence in it to tell of.
        evidence.confidence, evidence.confidence_kind = agreement, _KIND
    fact.disputed = not all(votes)
    return fact


def pitch_class(tonic: str) -> int | str:
    """Gives semitones above C, 0 to 11; the text itself where it is no note name."""
    if tonic[:1] not in _STEPS or any(sign not in _ACCIDENTALS for sign in tonic[1:]):
        return tonic
    return (_STEPS[tonic[0]] + sum(_ACCIDENTALS[sign] for sign in tonic[1:])) % 12
