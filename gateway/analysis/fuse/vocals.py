"""How much of the mix is voice."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.numbers import number


def vocals(record: record_pb2.AnalysisRecord) -> record_pb2.VocalsFact | None:
    """Gives the vocals stem's share of the energy of all stems; absent for silence and where others are unknown."""
    for stem in record.separation.stems:
        share = number(stem, "energy_share") if stem.name == "vocals" else None
        if share is not None:
            fact = record_pb2.VocalsFact(energy_share=share)
            fact.evidence.add(field="separation.stems")
            return fact
    return None
