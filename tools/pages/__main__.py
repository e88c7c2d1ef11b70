"""Writes the pages of docs/ that are made, or with ``--check`` says which are not what they should be."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.pages import contracts, decisions, features, reference, variables


def pages() -> dict[str, str]:
    """Gives every page that is made, as text by its path from the root."""
    packages = contracts.load()
    return {
        **reference.pages(packages),
        features.PATH: features.page(packages),
        variables.PATH: variables.page(),
        decisions.PATH: decisions.page(contracts.ROOT),
    }


def stale(made: Mapping[str, str], root: Path) -> list[str]:
    """Names the pages whose files differ from what is made, and files of the reference that nothing makes."""
    left = {path.relative_to(root).as_posix() for path in (root / reference.FOLDER).glob("*")} - set(made)
    return sorted(left | {path for path, text in made.items() if _text(root / path) != text})


def main(arguments: Sequence[str]) -> int:
    """Runs the command; 1 where a page is stale and was only to be checked."""
    made = pages()
    found = stale(made, contracts.ROOT)
    if "--check" in arguments:
        for path in found:
            print(f"{path} is not what it is made from: run make pages and commit it")
        return 1 if found else 0
    for path in found:
        place = contracts.ROOT / path
        if path not in made:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(made[path], encoding="utf-8")
    print(f"{len(made)} pages, {len(found)} changed")
    return 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
