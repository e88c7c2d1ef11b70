"""Places for analyses: as many as there are, and one more once one is given back; uploads hold none of them."""

from __future__ import annotations

import asyncio

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.upload_places import UploadPlaces
from gateway.analysis.admission import Admission


def admission(limit: int, uploads: int = 8) -> Admission:
    return Admission(limit, UploadPlaces(uploads, 0, 30.0))


async def test_a_place_that_is_given_back_is_free_again_whatever_ended_the_analysis() -> None:
    places = admission(1, uploads=1)
    with pytest.raises(KeyError), places.entry("") as entry:
        await entry.uploaded()
        raise KeyError
    with places.entry("") as entry:
        await entry.uploaded()


async def test_one_too_many_is_refused_with_the_limit_and_a_delay() -> None:
    places = admission(2)
    with places.entry("") as first, places.entry("") as second:
        await first.uploaded()
        await second.uploaded()
        with pytest.raises(AntiphonError) as caught, places.entry(""):
            pass
    assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert caught.value.metadata == {"limit": "2"}
    # Nothing has been measured; they have just begun.
    assert caught.value.retry_after_seconds == pytest.approx(10.0, abs=5.0)


async def test_an_upload_that_is_whole_waits_for_a_place_and_gets_the_first() -> None:
    places = admission(1)
    with places.entry("") as second:
        with places.entry("") as first:
            await first.uploaded()
            waiting = asyncio.create_task(second.uploaded())
            await asyncio.sleep(0)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 5)


async def test_who_leaves_while_waiting_for_a_place_takes_none_along() -> None:
    places = admission(1, uploads=2)
    with places.entry("") as first, places.entry("") as second:
        await first.uploaded()
        waiting = asyncio.create_task(second.uploaded())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    with places.entry("") as third:
        await asyncio.wait_for(third.uploaded(), 5)
