"""What was separated, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.terminal import plain, shown_name, wrapped


def lines(summary: separation_pb2.SeparationSummary, paths: Sequence[Path], columns: int = 80) -> Iterator[str]:
    """Yields what there is to say of each stem, then what made them, in lines of at most so many columns.

    Args:
        summary: Of the separation.
        paths: Files of its stems, named after them; none where they went elsewhere.
        columns: Of a line; only a path that is longer stands over.
    """
    for text in _texts(summary, paths):
        yield from wrapped(text, columns, "  ")


def _texts(summary: separation_pb2.SeparationSummary, paths: Sequence[Path]) -> Iterator[str]:
    for stem in summary.stems:
        path = next((each for each in paths if each.name.rpartition(".")[0] == stem.name), None)
        yield ", ".join([shown_name(path or stem.name), *_levels(stem)])
    made = summary.provenance
    by = f"{made.model.name}, licence {made.model.license_spdx or 'unknown'}" if made.HasField("model") else made.engine
    gain = f", gain {summary.gain_db:.2f} dB" if summary.HasField("gain_db") else ""
    yield plain(f"by {by}, on {made.device}{gain}")


def _levels(stem: separation_pb2.Stem) -> Iterator[str]:
    if stem.HasField("peak_dbfs"):
        yield f"peak {stem.peak_dbfs:.1f} dBFS"
    if stem.HasField("integrated_lufs"):
        yield f"{stem.integrated_lufs:.1f} LUFS"
    if stem.HasField("energy_share"):
        yield f"{100 * stem.energy_share:.1f} % of the energy"
    if not stem.HasField("peak_dbfs"):
        yield "silent"
    if stem.clipped_sample_count:
        yield f"{stem.clipped_sample_count} samples clipped; see --clip-mode rescale"
