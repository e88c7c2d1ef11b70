"""What is not released yet is told in files with proper names, and what is released has a version and a date."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed)\.md")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
FRAGMENTS = sorted(path for path in (ROOT / "changelog").iterdir() if path.name not in CONFIG["ignore"])


def problem(name: str, text: str) -> str:
    """Says what is wrong with a fragment; empty where nothing is."""
    if not NAME.fullmatch(name):
        return f"changelog/{name}: name it <slug>.<added|changed|fixed|removed>.md"
    if not re.match(r"[^\s#*-].*[.]\n\Z", text, re.DOTALL) or "\n\n" in text:
        return f"changelog/{name}: one paragraph of plain sentences, without a bullet, that ends with a full stop"
    return ""


def test_every_fragment_is_named_by_its_change_and_says_it_in_sentences() -> None:
    problems = [problem(path.name, path.read_text(encoding="utf-8")) for path in FRAGMENTS]
    assert [each for each in problems if each] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lyrics.md", "Lyrics have times.\n"),
        ("lyrics.broken.md", "Lyrics have times.\n"),
        ("Lyrics.fixed.md", "Lyrics have times.\n"),
        ("lyrics.fixed.md", "- Lyrics have times.\n"),
        ("lyrics.fixed.md", "Lyrics have times.\n\nAnd more.\n"),
        ("lyrics.fixed.md", "lyrics: times\n"),
    ],
)
def test_a_fragment_that_would_be_lost_or_look_odd_is_told(name: str, text: str) -> None:
    assert problem(name, text)
    assert not problem("lyrics.fixed.md", "Lyrics have times,\nalso of one word.\n")


def test_the_types_of_towncrier_are_those_of_the_names() -> None:
    assert [each["directory"] for each in CONFIG["type"]] == ["added", "changed", "fixed", "removed"]


def test_every_released_version_has_its_date_and_the_newest_stands_first() -> None:
    text = (ROOT / CONFIG["filename"]).read_text(encoding="utf-8")
    assert CONFIG["start_string"] in text, "towncrier writes below this line"
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [each for each in headings if re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\)", each)]
    versions = [tuple(map(int, each.split(" ")[0].split("."))) for each in headings]
    assert versions == sorted(versions, reverse=True)
    assert (0, 1, 0) in versions
