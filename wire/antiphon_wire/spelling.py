"""What somebody probably meant who wrote a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns the known name that is spelt most like ``name``, whatever the case; empty where none is like it.

    >>> nearest("Whisper-bas", ["whisper-base", "whisper-tiny"]), nearest("x", ["whisper-base"])
    ('whisper-base', '')
    """
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), sorted(folded), n=1)
    return folded[found[0]] if found else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a part of a message that asks, with a space behind it; empty where no name is near.

    >>> did_you_mean("spech", ["speech", "essentia"])
    'did you mean speech? '
    """
    near = nearest(name, known)
    return f"did you mean {near}? " if near else ""


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """Returns the question whether the nearest name was meant; where none is near, ``otherwise``, such as all of them.

    For names that are too many to be listed where one will do.
    """
    return did_you_mean(name, known).rstrip() or otherwise
