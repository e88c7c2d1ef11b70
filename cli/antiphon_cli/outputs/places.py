"""Where the outputs of each source go in a folder: under its own name, in the tree of the sources."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from antiphon_cli.outputs.names import LONGEST_BYTES, component, numbered

Source = Path | None
"""A file, ``-`` for standard input, None for the microphone."""

WITHOUT_A_FILE = {None: "live", "-": "stdin"}
"""What is written is called so where what was heard has no name."""


def places(sources: Sequence[Source], extension: str = "") -> list[Path]:
    """Returns the place of each source's output, relative to the folder of all; no two are the same.

    The folders that all sources have in common are left out, the others kept: of ``a/x/song.mp3`` and
    ``a/y/song.mp3`` come ``x/song`` and ``y/song``.

    Args:
        sources: What is heard.
        extension: Of the outputs, without the dot; none for folders.
    """
    ending = f".{extension}" if extension else ""
    longest = LONGEST_BYTES - len(ending)
    parents = [Path(os.path.abspath(path)).parent for path in sources if path is not None and _has_a_name(path)]
    root = os.path.commonpath(parents) if parents else ""
    found = numbered((_place(path, root, longest) for path in sources), longest)
    return [Path(each.with_name(each.name + ending)) for each in found]


def _place(path: Source, root: str, longest: int) -> PurePath:
    if path is None or not _has_a_name(path):
        return PurePath(WITHOUT_A_FILE[None if path is None else "-"])
    below = Path(os.path.abspath(path)).parent.relative_to(root)
    return PurePath(*(component(part) for part in below.parts), component(path.stem, longest))


def _has_a_name(path: Path) -> bool:
    return str(path) != "-"
