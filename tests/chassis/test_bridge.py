"""A function that pulls and pushes, worked piece by piece: in step, its errors passed on, ended where nobody waits."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon_wire.errors import Cancelled
from chassis.bridge import Bridge, Closed, relay

Give = Callable[[Any], None]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    # Fewer is well: a thread of an earlier test may have ended meanwhile.
    assert threading.active_count() <= before


def pairs(pieces: Iterator[int], give: Give) -> None:
    """Gives the sum of every two pieces, and what is left over."""
    for one in pieces:
        other = next(pieces, None)
        give(one if other is None else one + other)


def doubled(pieces: Iterator[int], give: Give) -> None:
    """Gives each piece twice."""
    for piece in pieces:
        give(piece)
        give(piece)


def test_what_a_piece_makes_ready_comes_before_the_next_is_pushed() -> None:
    with Bridge(pairs, "pairs") as bridge:
        assert list(bridge.push(1)) == []
        assert list(bridge.push(2)) == [3]
        assert list(bridge.push(5)) == []
        assert list(bridge.finish()) == [5]


def test_one_piece_may_make_several() -> None:
    with Bridge(doubled, "doubled") as bridge:
        assert list(bridge.push(1)) == [1, 1]
        assert list(bridge.finish()) == []


def test_one_side_runs_while_the_other_waits() -> None:
    running: list[str] = []

    def alone(who: str) -> None:
        running.append(who)
        time.sleep(0.001)  # long enough for the other to run, were it not waiting
        assert running == [who]
        running.clear()

    def work(pieces: Iterator[int], give: Give) -> None:
        alone("it")
        for piece in pieces:
            alone("it")
            give(piece)
            alone("it")

    with Bridge(work, "alone") as bridge:
        for piece in range(50):
            for _ in bridge.push(piece):
                alone("we")
            alone("we")
        assert list(bridge.finish()) == []
    alone("we")


@pytest.mark.parametrize("error", [ValueError("bad"), Cancelled(), KeyboardInterrupt()])
def test_what_the_function_raises_is_raised_where_it_is_waited_for_and_again_after(error: BaseException) -> None:
    def work(pieces: Iterator[int], give: Give) -> None:
        give(next(pieces))
        raise error

    with Bridge(work, "fails") as bridge:
        made = bridge.push(1)
        assert next(made) == 1
        with pytest.raises(type(error)) as caught:
            next(made)
        assert caught.value is error
        with pytest.raises(type(error)):
            list(bridge.push(2))
        with pytest.raises(type(error)):
            list(bridge.finish())


def test_a_function_that_has_ended_by_itself_takes_no_more() -> None:
    with Bridge(lambda pieces, give: give(next(pieces)), "first") as bridge:
        assert list(bridge.push(1)) == [1]
        assert list(bridge.push(2)) == []
        assert list(bridge.finish()) == []


def test_an_iterator_left_early_loses_no_piece() -> None:
    with Bridge(doubled, "doubled") as bridge:
        assert next(iter(bridge.push(1))) == 1
        assert list(bridge.push(2)) == [1, 2, 2]
        assert list(bridge.finish()) == []


def test_a_piece_that_is_pushed_while_another_waits_comes_after_it() -> None:
    with Bridge(doubled, "doubled") as bridge:
        bridge.push(1)
        assert list(bridge.push(2)) == [1, 1, 2, 2]


@pytest.mark.parametrize("pushes", [0, 1, 2])
def test_closing_ends_the_function_wherever_it_stands(pushes: int) -> None:
    ended: list[str] = []

    def work(pieces: Iterator[int], give: Give) -> None:
        try:
            for piece in pieces:
                if piece:
                    give(piece)
            pytest.fail("it was closed, not finished")
        except Exception:
            pytest.fail("the end of it must not be taken for an error")
        finally:
            ended.append("end")

    bridge = Bridge(work, "waits")
    for piece in range(pushes):
        next(bridge.push(piece), None)  # the first leaves it waiting for a piece, the second with one to give
    bridge.close()
    bridge.close()
    assert ended == ["end"] * min(pushes, 1)
    assert list(bridge.push(9)) == []


def test_a_function_that_goes_on_after_its_end_is_told_again() -> None:
    told: list[str] = []

    def stubborn(pieces: Iterator[int], give: Give) -> None:
        for _ in range(3):
            try:
                give(1)
            except Closed:
                told.append("closed")
        assert next(pieces, None) is None

    bridge = Bridge(stubborn, "stubborn")
    assert next(bridge.push(0)) == 1
    bridge.close()
    assert told == ["closed"] * 3


def test_what_is_raised_while_it_is_being_closed_is_dropped() -> None:
    told: list[str] = []

    def work(pieces: Iterator[int], give: Give) -> None:
        try:
            give(next(pieces))
        except Closed:
            told.append("closed")
            raise ValueError("nobody asked") from None

    bridge = Bridge(work, "fails late")
    assert next(bridge.push(0)) == 0
    bridge.close()
    assert told == ["closed"]


def test_a_bridge_that_nothing_was_pushed_over_has_no_thread() -> None:
    before = threading.active_count()
    bridge = Bridge(doubled, "unused")
    assert threading.active_count() == before
    bridge.close()


def test_an_interrupt_while_it_is_waited_for_does_not_let_both_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl+C does: it is raised in the thread that waits, while the function runs on."""
    go_on = threading.Event()
    seen: list[str] = []

    def work(pieces: Iterator[int], give: Give) -> None:
        go_on.wait()
        seen.append("worked")
        give(1)

    bridge = Bridge(work, "interrupted")
    take_back = bridge._take_back

    def interrupted() -> None:
        monkeypatch.setattr(bridge, "_take_back", take_back)
        raise KeyboardInterrupt

    monkeypatch.setattr(bridge, "_take_back", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(bridge.push(0))
    go_on.set()
    bridge.close()
    assert seen == ["worked"]


# What only calls back.


def test_items_come_when_they_are_made_and_neither_side_runs_beside_the_other() -> None:
    log: list[str] = []

    def work(tell: Give) -> None:
        for item in range(3):
            log.append(f"made {item}")
            tell(item)

    for item in relay(work):
        log.append(f"read {item}")
    assert log == ["made 0", "read 0", "made 1", "read 1", "made 2", "read 2"]


@pytest.mark.parametrize("error", [ValueError("bad"), Cancelled()])
def test_what_a_relayed_function_raises_is_raised(error: BaseException) -> None:
    def work(tell: Give) -> None:
        tell(1)
        raise error

    items = relay(work)
    assert next(items) == 1
    with pytest.raises(type(error)):
        next(items)


def test_a_closed_iterator_ends_the_function_at_its_next_item() -> None:
    made: list[int] = []

    def work(tell: Give) -> None:
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


def test_a_function_that_gives_nothing_is_an_empty_iterator() -> None:
    assert list(relay(lambda tell: None)) == []


def test_it_needs_neither_samples_nor_the_wire() -> None:
    code = "import sys, chassis.bridge; print(*sorted({'numpy', 'grpc', 'google'} & sys.modules.keys()))"
    root = Path(__file__).parents[2]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert printed.split() == []
