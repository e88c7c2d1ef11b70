"""The error of a part of a recording that cannot be cut."""

from __future__ import annotations

from antiphon_wire.errors import AntiphonError, invalid


def clip_range_error(why: str, start_seconds: float, end_seconds: float | None, **metadata: object) -> AntiphonError:
    """Makes CLIP_RANGE for a clip from ``start_seconds`` to ``end_seconds``, None for the end of the source.

    Args:
        why: What is wrong with it.
        start_seconds: Its start (s).
        end_seconds: Its end (s).
        metadata: More values of the error.
    """
    end = "the end" if end_seconds is None else f"{end_seconds:g} s"
    values = {"start_seconds": f"{start_seconds:g}", **metadata}
    if end_seconds is not None:
        values["end_seconds"] = f"{end_seconds:g}"
    return invalid(
        "CLIP_RANGE", f"the clip from {start_seconds:g} s to {end} cannot be cut: {why}", field="config.clip", **values
    )
