"""The pages that are made: equal to what is in docs/, complete, and with links that lead somewhere."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import pytest

from chassis.settings import setting
from tools.pages import __main__ as command
from tools.pages import contracts, decisions, features, reference, variables
from tools.pages.contracts import Enum, Message, Method, Package, Service
from tools.pages.markdown import anchor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every page, as it would be written now."""
    return command.pages()


def test_the_pages_in_docs_are_what_they_are_made_from(pages: dict[str, str]) -> None:
    assert command.stale(pages, ROOT) == [], "run make pages and commit it"


def test_a_page_that_was_edited_and_one_that_nothing_makes_are_told(tmp_path: Path) -> None:
    folder = tmp_path / reference.FOLDER
    folder.mkdir(parents=True)
    made = {f"{reference.FOLDER}/{name}.md": "text\n" for name in ("same", "edited", "missing")}
    for name, text in (("same", "text\n"), ("edited", "other\n"), ("left", "text\n")):
        (folder / f"{name}.md").write_text(text)
    told = command.stale(made, tmp_path)
    assert told == [f"{reference.FOLDER}/{name}.md" for name in ("edited", "left", "missing")]


def test_every_call_message_and_field_is_in_the_reference_with_its_comment(pages: dict[str, str]) -> None:
    for package in contracts.load():
        page = pages[f"{reference.FOLDER}/{package.name.removeprefix('antiphon.')}.md"]
        for service in package.services:
            for method in service.methods:
                assert f"### {service.full_name.rpartition('.')[2]}.{method.name}\n" in page
        for each in package.types:
            assert f"### {each.full_name.removeprefix(f'{package.name}.')}\n" in page
            if isinstance(each, Message):
                missing = [field.name for field in each.fields if f"| `{field.name}` = {field.number} |" not in page]
                assert missing == []
                assert [field.name for field in each.fields if not field.comment] == []


def test_every_link_of_a_page_leads_to_a_heading_or_a_file(pages: dict[str, str]) -> None:
    broken = []
    for path, text in pages.items():
        for target, heading in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
            if target.startswith("http"):
                continue
            found = path if not target else (ROOT / path).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
            known = pages.get(found)
            if known is None and not (ROOT / found).exists():
                broken.append(f"{path}: {target}")
            elif heading and known is not None:
                anchors = {anchor(line.lstrip("# ")) for line in known.splitlines() if line.startswith("#")}
                broken += [] if heading in anchors else [f"{path}: {target}#{heading}"]
    assert broken == []


def test_presence_is_told_as_the_contract_has_it(pages: dict[str, str]) -> None:
    page = pages[f"{reference.FOLDER}/speech.v1.md"]
    assert "| `config` = 1 | [TranscriptionConfig](#transcriptionconfig) | one of payload |" in page
    evidence = pages[f"{reference.FOLDER}/evidence.v1.md"]
    assert "| `seed` = 7 | int64 | optional |" in evidence
    assert "| `parameters` = 5 | string → string | map |" in evidence
    assert "| `service` = 1 | string | |" in evidence


def test_a_page_of_made_up_contracts_says_what_they_say() -> None:
    package = Package(
        "antiphon.toy.v1",
        ["protos/antiphon/toy/v1/toy_service.proto"],
        [" Toys.\n"],
        [
            Service(
                "antiphon.toy.v1.ToyService",
                " Plays.\n",
                (
                    Method(
                        "Play", " Plays <one>.\n\n Twice.\n", "antiphon.toy.v1.Toy", "antiphon.toy.v1.Toy", False, True
                    ),
                ),
            )
        ],
        [Message("antiphon.toy.v1.Toy", " A toy.\n", ()), Enum("antiphon.toy.v1.Kind", "", (("KIND_A", 1, " a|b\n"),))],
    )
    page = reference.pages([package])[f"{reference.FOLDER}/toy.v1.md"]
    assert "[Toy](#toy) → stream of [Toy](#toy)\n\nPlays &lt;one>.\n\nTwice.\n" in page
    assert "| `KIND_A` | 1 | a\\|b |" in page


def test_every_group_of_features_has_its_section_with_every_field(pages: dict[str, str]) -> None:
    essentia = importlib.import_module("antiphon.essentia.v1.essentia_service_pb2")
    page = pages[features.PATH]
    for group in essentia.Features.DESCRIPTOR.fields:
        section = page.partition(f"\n## {group.name}\n")[2].partition("\n## ")[0]
        missing = [field.name for field in group.message_type.fields if f"| `{field.name}` |" not in section]
        assert missing == [], f"the group {group.name}"


def test_every_settings_class_of_the_processes_is_on_the_page(pages: dict[str, str]) -> None:
    declared = {
        match
        for path in ROOT.rglob("settings.py")
        if ".venvs" not in path.parts and "build" not in path.parts
        for match in re.findall(r"^class (\w+Settings)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    shown = {settings.__name__ for settings in variables.FAMILIES.values()} | set(vars(variables))
    # What ExtraSettings reads, WorkerSettings declares.
    assert sorted(declared - shown - {"ExtraSettings"}) == []
    for family in variables.FAMILIES:
        assert f"## {family}\n" in pages[variables.PATH]


def test_the_bounds_of_a_number_are_on_the_page_as_they_are_declared(pages: dict[str, str]) -> None:
    @dataclasses.dataclass(frozen=True)
    class MadeUp:
        between: int = setting(0, "One.", least=-1, most=65_535)
        least: float = setting(0.5, "Two.", least=0.25)
        above: int | None = setting(1, "Three.", above=0)
        any_number: int = setting(3, "Four.")

    rows = [line.split(" | ")[2] for line in variables._table(MadeUp, "X").splitlines()[2:]]
    expected = ["whole number, -1 to 65535", "number, 0.25 or more", "whole number, more than 0", "whole number"]
    assert rows == expected
    assert "| `<SERVICE>_HEALTH_PORT` | `0` | whole number, 0 to 65535 |" in pages["docs/settings.md"]


def test_what_the_command_line_reads_by_itself_is_read_in_its_sources() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "cli").rglob("*.py"))
    assert [name for name, *_ in variables.OF_THE_STACK if name not in sources] == []


PAGE = """\
# 7. A title

Status: accepted.

**Context.** So.

**Decision.** This is
done. And that.

**Consequence.** Then.
"""


def test_a_decision_is_told_by_title_status_and_first_sentence() -> None:
    assert decisions.parse("0007-a-title.md", PAGE) == decisions.Decision(7, "A title", "accepted.", "This is done.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0008-a-title.md", PAGE),
        ("0007-a-title.md", PAGE.replace("Status: accepted.\n\n", "")),
        ("0007-a-title.md", PAGE.replace("**Consequence.**", "Then")),
    ],
)
def test_a_decision_of_another_form_is_refused_by_the_name_of_its_page(name: str, text: str) -> None:
    with pytest.raises(decisions.PageError, match=name):
        decisions.parse(name, text)
