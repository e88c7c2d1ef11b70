"""Pieces of Markdown: tables, and text that must not be taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def prose(comment: str) -> str:
    """Gives a comment as Markdown text: its paragraphs with their lines joined, an empty line between them.

    >>> prose(" One sentence\\n over two lines.\\n\\n Another <NAME>.\\n")
    'One sentence over two lines.\\n\\nAnother &lt;NAME>.'
    """
    paragraphs = re.split(r"\n\s*\n", comment.strip())
    return "\n\n".join(" ".join(part.split()) for part in paragraphs).replace("<", "&lt;")


def cell(text: str) -> str:
    """Gives a text as one cell of a table.

    >>> cell("any | commercial\\n\\nof two")
    'any \\\\| commercial of two'
    """
    return " ".join(text.split()).replace("|", r"\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Gives a table; cells are taken as they are, so text has been through ``cell``.

    >>> print(table(("name", "what"), [("a", "one")]))
    | name | what |
    |---|---|
    | a | one |
    """
    lines = [_row(head), f"|{'---|' * len(head)}", *(_row(row) for row in rows)]
    return "\n".join(lines)


def anchor(heading: str) -> str:
    """Gives the anchor that a heading has on the usual hosts: lower case, letters, digits, hyphens and underscores.

    >>> anchor("`Claim.Kind`")
    'claimkind'
    """
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def _row(cells: Sequence[str]) -> str:
    # An empty cell is one space, as other writers of tables have it.
    return "|" + "|".join(f" {text} " if text else " " for text in cells) + "|"
