"""Lets a function that pulls what it reads, and pushes what it makes, work in steps: the one place that turns it over.

Decoders and separators ask for their input and come back only when all of it is gone; generators of music call back
with what they made. A service needs it the other way round: it has a piece now, wants what that piece makes ready, and
cannot say when the next will come. Python can suspend a generator, but not a function that has called into a library;
a thread can be stopped in the middle of anything. So the function runs in a thread, which is used as a place to stand
still and never to do two things at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")
Work = Callable[[Iterator[In], Callable[[Out], None]], None]
"""A function of the pieces that come in, and of a function that takes what it makes."""


class Closed(BaseException):
    """Raised in a function that nobody waits for any more, where it wants a piece or gives something.

    Not an Exception, so that an ``except Exception`` in it cannot swallow it.
    """


class Bridge(Generic[In, Out]):
    """Runs a function piece by piece; each side waits while the other works.

    The invariant: of the caller and the function exactly one has the turn, and only that one runs. The turn goes over
    to the function in :meth:`_resume` and comes back where the function wants a piece that is not there, gives
    something, or ends. Therefore neither side needs a lock for anything they share, and the function may do what is
    meant for the caller's own thread, such as asking whether the job was cancelled.

    The thread begins with the first piece and has ended when :meth:`close` returns; to be used as a context::

        with Bridge(work, "decoder") as bridge:
            for made in bridge.push(piece): ...
            for made in bridge.finish(): ...

    Args:
        work: The function. Its pieces end after :meth:`finish`; what it raises, be it a BaseException, is raised where
            the caller waits for it, and again whenever the caller asks for more.
        name: Of the thread, for whoever looks at a stack.
    """

    def __init__(self, work: Work[In, Out], name: str) -> None:
        self._work = work
        self._pieces: deque[In] = deque()
        self._made: deque[Out] = deque()
        self._finished = self._closing = False
        self._error: BaseException | None = None
        # Two locks, both taken, stand for the turn: a side gives the turn away by freeing the other's lock, and sleeps
        # by taking its own. A lock may be freed by a thread that did not take it, and costs a fraction of a Condition.
        self._ours, self._its = threading.Lock(), threading.Lock()
        self._ours.acquire()
        self._its.acquire()
        self._away = self._ended = False
        # A daemon: a caller that forgets to close must not keep its process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Bridge[In, Out]:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def push(self, piece: In) -> Iterator[Out]:
        """Hands a piece over; yields what the function makes until it wants another.

        An iterator that is left early leaves the function standing where it gave its last; the next call goes on from
        there, and no piece is lost. Where the function has ended by itself, the piece is dropped.
        """
        self._pieces.append(piece)
        return self._outputs()

    def finish(self) -> Iterator[Out]:
        """Says that no piece follows; yields the rest of what the function makes."""
        self._finished = True
        return self._outputs()

    def close(self) -> None:
        """Ends the function wherever it stands; a second call does nothing.

        Its next wish for a piece, or its next gift, raises in it. What it raises from then on is dropped: nobody asked
        for an answer any more.
        """
        self._closing = True
        if self._away:  # the caller was interrupted while it waited, and the function may be running still
            self._take_back()
        if self._thread.ident is not None:
            if not self._ended:
                self._resume()
            self._thread.join()
        self._ended = True

    # The caller's side.

    def _outputs(self) -> Iterator[Out]:
        while not self._ended:
            self._resume()
            if not self._made:
                break
            yield self._made.popleft()
        if self._error is not None:
            raise self._error

    def _resume(self) -> None:
        """Gives the turn away and waits for it."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._its.release()
        self._away = True
        self._take_back()

    def _take_back(self) -> None:
        self._ours.acquire()
        self._away = False

    # The function's side.

    def _run(self) -> None:
        try:
            self._work(self._incoming(), self._give)
        except Closed:
            pass
        except BaseException as error:  # a cancel among them: it belongs to the caller, not to this thread
            self._error = error
        self._ended = True
        self._ours.release()

    def _incoming(self) -> Iterator[In]:
        while True:
            while not self._pieces and not self._finished:
                self._hand_back()
            if not self._pieces:
                return
            yield self._pieces.popleft()

    def _give(self, made: Out) -> None:
        self._made.append(made)
        self._hand_back()

    def _hand_back(self) -> None:
        """Gives the turn back and waits for the next one.

        Raises:
            Closed: the caller is gone.
        """
        # Asked before as well: a function that goes on after it was told must not wait for a turn that never comes.
        if not self._closing:
            self._ours.release()
            self._its.acquire()
        if self._closing:
            raise Closed


def relay(work: Callable[[Callable[[Out], None]], None], name: str = "relay") -> Iterator[Out]:
    """Yields what ``work`` hands to its argument, each when it is made; raises what it raises.

    For libraries that call back and do not return before their end. Where the iterator is closed, the function ends
    at its next item.
    """
    bridge: Bridge[None, Out] = Bridge(lambda _, give: work(give), name)
    with bridge:
        yield from bridge.finish()
