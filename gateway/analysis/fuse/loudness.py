"""The loudness of the whole, as essentia measured it."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.numbers import number

_OTHERS = ("loudness_range_lu", "true_peak_dbtp")


def loudness(record: record_pb2.AnalysisRecord) -> record_pb2.LoudnessFact | None:
    """Gives integrated loudness (LUFS), with range (LU) and true peak (dBTP) where they were measured too."""
    measured = record.essentia.features.loudness
    integrated = number(measured, "integrated_lufs")
    if integrated is None:
        return None
    fact = record_pb2.LoudnessFact(integrated_lufs=integrated)
    fact.evidence.add(field="essentia.features.loudness.integrated_lufs")
    for name in _OTHERS:
        value = number(measured, name)
        if value is not None:
            setattr(fact, name, value)
            fact.evidence.add(field=f"essentia.features.loudness.{name}")
    return fact
