"""Places for analyses: as many as there are, and one more once one is given back."""

from __future__ import annotations

import pytest

from antiphon_wire.errors import AntiphonError
from gateway.analysis.admission import Admission


def test_a_place_that_is_given_back_is_free_again_whatever_ended_the_analysis() -> None:
    admission = Admission(1)
    with pytest.raises(KeyError), admission.place():
        raise KeyError
    with admission.place():
        pass


def test_one_too_many_is_refused_with_the_limit_and_a_delay() -> None:
    admission = Admission(2)
    with admission.place(), admission.place(), pytest.raises(AntiphonError) as caught, admission.place():
        pass
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert caught.value.metadata == {"limit": "2"}
    assert caught.value.retry_after_seconds == 2.0
