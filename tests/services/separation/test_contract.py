"""What a call may ask for is checked where it is made."""

from __future__ import annotations

import pytest

from antiphon_wire.errors import AntiphonError
from services.separation.contract import Tuning


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("shifts", -1, "SHIFTS"),
        ("shifts", 21, "SHIFTS"),
        ("overlap", -0.1, "OVERLAP"),
        ("overlap", 1.0, "OVERLAP"),
        ("overlap", float("nan"), "OVERLAP"),
        ("segment_seconds", 0.5, "SEGMENT"),
        ("segment_seconds", float("nan"), "SEGMENT"),
    ],
)
def test_a_choice_out_of_range_is_refused(option: str, value: float, reason: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        Tuning(**{option: value})
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
