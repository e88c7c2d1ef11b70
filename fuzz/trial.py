"""Runs a target: every input under a deadline, all of them within a bound of memory, each made again by its number."""

from __future__ import annotations

import faulthandler
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chassis.memory import peak_bytes, reset_peak, resident_bytes
from fuzz.mutation import mutated
from fuzz.target import MOST_BYTES, MOST_SECONDS, FindingError, Target

_LOOK_EVERY = 100


class _SlowError(BaseException):
    """An input takes too long; no reader's own handler catches this."""


@dataclass(frozen=True)
class Tally:
    """What a run came to: how many inputs it tried, how many of them were accepted, and its time."""

    inputs: int
    accepted: int
    seconds: float


class Broken(FindingError):
    """A finding, with the input that leads to it.

    Attributes:
        number: The input's number, which makes it again with the same seed.
        data: The input.
    """

    def __init__(self, target: Target, number: int, data: bytes, why: str) -> None:
        super().__init__(f"{target.name}: input {number} of {len(data)} bytes: {why}")
        self.number = number
        self.data = data


def attack(
    target: Target,
    seed: int,
    *,
    first: int = 0,
    inputs: int | None = None,
    seconds: float | None = None,
    tell: Callable[[int], None] = lambda number: None,
) -> Tally:
    """Tries inputs until their number or the time is up.

    Args:
        target: What to try them on.
        seed: With an input's number it makes the input, and nothing else does.
        first: Number of the first input.
        inputs: How many; None for no bound.
        seconds: How long; None for no bound.
        tell: Called before every hundredth input with its number: after a crash the input is among those that follow.

    Raises:
        Broken: an input was not dealt with as it has to be.
    """
    seeds = list(target.seeds())
    for data in seeds:
        _try(target, -1, data)
    resets, before = reset_peak(), resident_bytes()
    began = time.monotonic()
    number, accepted = first, 0
    while (inputs is None or number - first < inputs) and (seconds is None or time.monotonic() - began < seconds):
        if number % _LOOK_EVERY == 0:
            tell(number)
        data = mutated(random.Random(f"{target.name} {seed} {number}"), seeds, target.words)
        accepted += _try(target, number, data)
        number += 1
        if number % _LOOK_EVERY == 0 and resets and peak_bytes() - before > MOST_BYTES:
            raise Broken(
                target, number - 1, data, f"it or one of the {_LOOK_EVERY} before it took {peak_bytes()} bytes"
            )
    return Tally(number - first, accepted, time.monotonic() - began)


def _try(target: Target, number: int, data: bytes) -> bool:
    try:
        with _deadline():
            return target.accepts(data)
    except _SlowError:
        raise Broken(target, number, data, f"it took more than {MOST_SECONDS:g} s") from None
    except Exception as error:
        raise Broken(target, number, data, f"{type(error).__name__}: {error}"[:500]) from error


@contextmanager
def _deadline() -> Iterator[None]:
    """Ends what takes too long by an exception, and the process where native code lets none through."""
    faulthandler.dump_traceback_later(6 * MOST_SECONDS, exit=True)
    before = signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


def _too_slow(*_: object) -> None:
    raise _SlowError
