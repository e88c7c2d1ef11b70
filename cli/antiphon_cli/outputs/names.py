"""Names of files and folders made from names that come from elsewhere: they stay one component of a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePath

LONGEST_BYTES = 255
"""Longest name of a file, in bytes, on the file systems in use (NAME_MAX)."""

# Separators of any system, control characters, and bytes that are no UTF-8 (which Python holds as lone surrogates).
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff]")
_EDGES = re.compile(r"^[. ]+|[. ]+$")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def component(text: str, longest: int = LONGEST_BYTES) -> str:
    """Returns a name that is one component of a path on every system, hides nothing and leads nowhere.

    Separators, control characters, undecodable bytes, and dots and spaces at either end become underscores; names that
    systems reserve get one in front; what is too long is cut.

    Args:
        text: Such as the name of a song without its extension.
        longest: Most bytes of it in UTF-8.

    >>> [component(each) for each in ("song", "..", "a/../b", "nul.old", "")]
    ['song', '__', 'a_.._b', '_nul.old', '_']
    """
    name = _EDGES.sub(_underscores, _UNSAFE.sub("_", text))
    name = f"_{name}" if _RESERVED.match(name) or not name else name
    return _EDGES.sub(_underscores, name.encode()[:longest].decode(errors="ignore"))


def numbered(paths: Iterable[PurePath], longest: int = LONGEST_BYTES) -> Iterator[PurePath]:
    """Yields the paths, those that came before with a number at their end, so that none comes twice.

    Two that differ in case or in Unicode's normal form alone are the same on some systems, so they are here.

    Args:
        paths: Relative, of safe components.
        longest: Most bytes of a last component, its number included.
    """
    used: set[str] = set()
    for path in paths:
        free, number = path, 1
        while (key := same_key(free)) in used:
            number += 1
            end = f"-{number}"
            free = path.with_name(component(path.name, longest - len(end)) + end)
        used.add(key)
        yield free


def same_key(path: PurePath) -> str:
    """Returns what is equal for two paths that some system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def _underscores(match: re.Match[str]) -> str:
    return "_" * len(match[0])
