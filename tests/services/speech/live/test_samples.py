"""The samples of a stream that are still looked at."""

from __future__ import annotations

import numpy as np

from services.speech.live.samples import HeldSamples


def test_a_stretch_is_found_by_its_place_in_the_stream_after_what_lies_before_was_let_go() -> None:
    held = HeldSamples()
    held.add(np.arange(10, dtype=np.float32))
    held.drop(4)
    held.add(np.arange(10, 15, dtype=np.float32))
    assert held.between(6, 12).tolist() == [6, 7, 8, 9, 10, 11]
    assert (held.end, len(held)) == (15, 11)


def test_what_was_let_go_already_or_has_not_come_yet_cannot_be_let_go() -> None:
    held = HeldSamples()
    held.add(np.zeros(10, np.float32))
    held.drop(4)
    held.drop(2)
    assert len(held) == 6
    held.drop(99)
    assert (held.end, len(held)) == (10, 0)
