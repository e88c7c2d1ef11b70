"""The index of the decisions: number, title, status and first sentence of each page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.pages.markdown import cell, table

FOLDER = "docs/decisions"
PATH = f"{FOLDER}/README.md"

_PAGE = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\nStatus: (?P<status>.+)\n\n"
    r"\*\*Context\.\*\* (?P<context>.+?)\n\n\*\*Decision\.\*\*\s(?P<decision>.+?)\n\n\*\*Consequence\.\*\* .+",
    re.DOTALL,
)


class PageError(ValueError):
    """A page of a decision has another form than the others."""


@dataclass(frozen=True)
class Decision:
    """One page: its number and title, whether it still holds, and its decision in a sentence."""

    number: int
    title: str
    status: str
    sentence: str


def parse(name: str, text: str) -> Decision:
    """Reads one page.

    Raises:
        PageError: it has not the form of the others, or another number than its file.
    """
    found = _PAGE.match(text)
    if found is None:
        raise PageError(
            f"{name}: give it the form of the others: '# 7. Title', 'Status: accepted.', then paragraphs that begin "
            "with **Context.**, **Decision.** and **Consequence.**"
        )
    if int(found["number"]) != int(name.partition("-")[0]):
        raise PageError(f"{name}: its title has the number {found['number']}")
    return Decision(int(found["number"]), found["title"], found["status"], _first_sentence(found["decision"]))


def page(root: Path) -> str:
    """Gives the index as text.

    Raises:
        PageError: a page has another form than the others, or a number is there twice.
    """
    names = sorted(path.name for path in (root / FOLDER).glob("[0-9]*.md"))
    decisions = {name: parse(name, (root / FOLDER / name).read_text(encoding="utf-8")) for name in names}
    numbers = [each.number for each in decisions.values()]
    for number in numbers:
        if numbers.count(number) > 1:
            raise PageError(f"{FOLDER}: the number {number} is there twice")
    rows = [
        (str(each.number), f"[{each.title}]({name})", cell(each.status), cell(each.sentence))
        for name, each in decisions.items()
    ]
    return "\n\n".join(
        [
            "# Decisions",
            "One page for each choice that a reader could wonder about: what it had to serve, what was chosen, what "
            "follows from it. A decision that no longer holds keeps its page, and its status names the one that took "
            "its place. Made from the pages by `make pages`.",
            table(("", "decision", "status", "in a sentence"), rows) + "\n",
        ]
    )


def _first_sentence(text: str) -> str:
    """Gives the first sentence of a paragraph or of a list that begins it.

    >>> _first_sentence("* `go_package` is the\\n  path: of the file. More.")
    '`go_package` is the path: of the file.'
    """
    joined = " ".join(text.strip().removeprefix("* ").split())
    return re.split(r"(?<=[.;])\s(?=[A-Z`*])|:\s\*\s", joined, maxsplit=1)[0].rstrip(";:")
