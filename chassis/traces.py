"""What went wrong and where, for a log: the types of the errors and the places in the code, never what they say.

The text of an error often holds what a user sent: a prompt that is no JSON, a word that has no entry. So it is left
out, but for what is our own: a reason and the name of a system error.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator

from antiphon_wire.errors import AntiphonError

_MOST_FRAMES = 12
_MOST_CAUSES = 4


class WorkerFaultError(RuntimeError):
    """Something went wrong inside a worker.

    Attributes:
        account: What :func:`account` said of it there.
    """

    def __init__(self, account: str) -> None:
        super().__init__(f"the worker failed:\n{account}")
        self.account = account


def account(error: BaseException) -> str:
    """Names the error and its causes, each with the calls that led there, the last one first; some lines of text."""
    return "\nbecause of ".join(_links(error))


def _links(error: BaseException) -> Iterator[str]:
    link: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if link is None:
            return
        frames = traceback.extract_tb(link.__traceback__)[-_MOST_FRAMES:]
        places = [f"  at {frame.filename}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
        yield "\n".join([_name(link), *places])
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _name(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, AntiphonError):
        return f"{name} {error.reason}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} {errno.errorcode.get(error.errno, error.errno)}"
    if isinstance(error, WorkerFaultError):
        return f"{name}, in the worker {error.account}"
    return name
