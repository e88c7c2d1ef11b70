"""Derives the blocking client from the asynchronous one, line by line.

Both must offer the same calls, with the same settings and the same words. Written twice they drift; so the one is
written, and the other made from it by the substitutions below. A line that a substitution does not touch stays as it
is, and a substitution that no line needs any more is an error: it would be a rule about code that is gone.

    python tools/unasync.py            writes the derived files
    python tools/unasync.py --check    writes nothing; fails where one is not what the script gives
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "client/antiphon_client"
DERIVED = {"families.py": "sync_families.py", "client.py": "sync.py"}
"""Files of the package by the file that they are made from."""

HEAD = "# Derived from {source} by tools/unasync.py: change that file, and run the script.\n"

DROPPED = ("# tools/unasync.py derives the blocking client from this file; run it after a change.", "import asyncio")
"""Whole lines that say nothing where nothing is asynchronous."""

WORDS = (
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\bimport AsyncGenerator, Callable, Sequence\b", "import Callable, Generator, Sequence"),
    (r"\bimport AsyncGenerator\b", "import Generator"),
    (r"\bAsyncAudioSource\b", "AudioSource"),
    (r"\b__aenter__\b", "__enter__"),
    (r"\b__aexit__\b", "__exit__"),
    (r"\baclosing\b", "closing"),
    (r"\bopen_channel\b", "open_sync_channel"),
    (r"\.aopen\b", ".open"),
    (r"\.abegin\b", ".begin"),
    (r"\(grpc\.RpcError, asyncio\.CancelledError\)", "grpc.RpcError"),
    (r"\bFamilyCalls\b", "SyncFamilyCalls"),
    (r"\bantiphon_client\.Client\b", "antiphon_client.SyncClient"),
    (r"\bclass Client\b", "class SyncClient"),
    (r"\bantiphon_client\.families\b", "antiphon_client.sync_families"),
    (r"\bfrom an event loop\b", "without an event loop"),
    (r"\bCancelling the task cancels the call too\.", "May be used from several threads."),
    (r"\(asynchronous\) iterable", "iterable"),
)
"""What is said otherwise within a line: pattern and replacement, tried in this order."""


class Unused(Exception):
    """A substitution that no line needs; the message names it."""


class Deriver:
    """Applies the substitutions, and remembers which were of use."""

    def __init__(self) -> None:
        self._words = [(re.compile(pattern), replacement) for pattern, replacement in WORDS]
        self._unused = {*DROPPED, *(pattern for pattern, _ in WORDS)}

    def derive(self, source: str, name: str) -> str:
        """Gives the blocking form of a file.

        Args:
            source: Text of the asynchronous file.
            name: Its name, for the head of what is made from it.
        """
        lines = (self._line(line) for line in source.splitlines())
        return HEAD.format(source=name) + "".join(f"{line}\n" for line in lines if line is not None)

    def finish(self) -> None:
        """Checks, after the last file, that every substitution was needed.

        Raises:
            Unused: one was not.
        """
        if self._unused:
            listed = "\n".join(f"  {each}" for each in sorted(self._unused))
            raise Unused(f"no line needs these substitutions of tools/unasync.py; take them out:\n{listed}")

    def _line(self, line: str) -> str | None:
        if line in DROPPED:
            self._unused.discard(line)
            return None
        for pattern, replacement in self._words:
            line, count = pattern.subn(replacement, line)
            if count:
                self._unused.discard(pattern.pattern)
        return line


def derive_all(folder: Path) -> dict[Path, str]:
    """Gives the text of every derived file in a copy of the package, by its path.

    Raises:
        Unused: a substitution was not needed.
        OSError: a source cannot be read.
    """
    deriver = Deriver()
    made = {folder / to: deriver.derive((folder / source).read_text("utf-8"), source) for source, to in DERIVED.items()}
    deriver.finish()
    return made


def differences(made: dict[Path, str]) -> str:
    """Compares the files on disk with what they should be; empty where all are the same."""
    found: list[str] = []
    for path, text in made.items():
        held = path.read_text("utf-8") if path.exists() else ""
        lines = difflib.unified_diff(
            held.splitlines(keepends=True), text.splitlines(keepends=True), f"{path.name} as it is", "as derived"
        )
        found.extend(lines)
    return "".join(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns 0, or 1 where ``--check`` finds a file that is not what the script gives."""
    parser = argparse.ArgumentParser(description="Derives the blocking client from the asynchronous one.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a derived file differs")
    parser.add_argument("--folder", type=Path, default=ROOT / PACKAGE, help="the package; antiphon_client by default")
    given = parser.parse_args(arguments)
    try:
        made = derive_all(given.folder)
    except Unused as error:
        print(error, file=sys.stderr)
        return 1
    if not given.check:
        for path, text in made.items():
            path.write_text(text, "utf-8")
        return 0
    found = differences(made)
    if found:
        print(found, end="")
        print("the blocking client is not what the asynchronous one gives: run tools/unasync.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
