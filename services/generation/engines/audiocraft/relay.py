"""Turns a function that calls back into an iterator, for libraries that do not give back before their end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _LeftError(BaseException):
    """Ends the function where nobody reads on; not an Exception, so that the function cannot swallow it."""


def relay(work: Callable[[Callable[[T], None]], None]) -> Iterator[T]:
    """Yields what ``work`` hands to its argument; raises what it raises.

    The function runs in a thread, but never beside the caller: each waits while the other runs, so neither needs locks
    and an item is handed over when it is made. Where the iterator is closed, the function ends at its next item.
    """
    both = _Both(work)
    try:
        while both.resume():
            yield both.item
    finally:
        both.leave()


class _Both(Generic[T]):
    item: T

    def __init__(self, work: Callable[[Callable[[T], None]], None]) -> None:
        self._work = work
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._ended = self._left = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def resume(self) -> bool:
        """Lets the function run to its next item; False where it ended."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._turn.release()
        self._back.acquire()
        if self._error is not None:
            raise self._error
        return not self._ended

    def leave(self) -> None:
        """Ends the function, if it has not ended."""
        if self._thread.ident is not None and not self._ended:
            self._left = True
            self._turn.release()
            self._back.acquire()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._work(self._hand_over)
        except _LeftError:
            pass
        except BaseException as error:
            self._error = error
        self._ended = True
        self._back.release()

    def _hand_over(self, item: T) -> None:
        self.item = item
        self._back.release()
        self._turn.acquire()
        if self._left:
            raise _LeftError
