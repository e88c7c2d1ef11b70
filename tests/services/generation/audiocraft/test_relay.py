"""A function that calls back, read as an iterator: in step, its errors passed on, ended where nobody reads on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from antiphon_wire.errors import Cancelled
from services.generation.engines.audiocraft.relay import relay


def test_items_come_when_they_are_made_and_neither_side_runs_beside_the_other() -> None:
    log: list[str] = []

    def work(tell: Callable[[int], None]) -> None:
        for item in range(3):
            log.append(f"made {item}")
            tell(item)

    for item in relay(work):
        log.append(f"read {item}")
    assert log == ["made 0", "read 0", "made 1", "read 1", "made 2", "read 2"]


@pytest.mark.parametrize("error", [ValueError("bad"), Cancelled()])
def test_what_the_function_raises_is_raised(error: BaseException) -> None:
    def work(tell: Callable[[int], None]) -> None:
        tell(1)
        raise error

    items = relay(work)
    assert next(items) == 1
    with pytest.raises(type(error)):
        next(items)


def test_a_closed_iterator_ends_the_function_at_its_next_item() -> None:
    made: list[int] = []
    threads = threading.active_count()

    def work(tell: Callable[[int], None]) -> None:
        for item in range(100):
            made.append(item)
            try:
                tell(item)
            except Exception:
                pytest.fail("the end of it must not be taken for an error")

    items = relay(work)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert made == [0]
    assert threading.active_count() == threads


def test_a_function_that_gives_nothing_is_an_empty_iterator() -> None:
    assert list(relay(lambda tell: None)) == []
