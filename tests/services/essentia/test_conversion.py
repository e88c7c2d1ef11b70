"""Labels are read out of a Python file without running it; what is no checkpoint is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chassis.models.converter import ConversionError
from services.essentia import conversion

LABELS = [f"label {index}" for index in range(50)]


def configuration(folder: Path, text: str) -> Path:
    (folder / "configuration.py").write_text(text, "utf-8")
    return folder / "configuration.py"


def test_the_card_has_the_labels_of_its_own_list(tmp_path: Path) -> None:
    path = configuration(tmp_path, f"raise SystemExit\nMTT_LABELS = ['x']\nMSD_LABELS = {LABELS!r}\n")
    conversion.musicnn_msd_card(tmp_path / "card.json", path)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["classes"] == LABELS
    assert [output["output_purpose"] for output in card["schema"]["outputs"]] == ["predictions", "embeddings"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "MTT_LABELS = ['x']", f"MTT_LABELS = {LABELS[:49]!r}", "MTT_LABELS = open('x')", "MTT_LABELS = [1] +"),
        *("MTT_LABELS = {[]}", "MTT_LABELS = {[]: 1}", "MTT_LABELS = ['a\0']", "MTT_LABELS = " + "(" * 30_000),
        *("MTT_LABELS = " + "-" * 50_000 + "1", "MTT_LABELS = 1" + "+1" * 40_000, "x" + ".a" * 40_000 + " = 1"),
        f"MTT_LABELS = {LABELS!r}" + "\n" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_list_of_labels_is_refused(tmp_path: Path, text: str) -> None:
    path = configuration(tmp_path, text)
    with pytest.raises(ConversionError):
        conversion.musicnn_mtt_card(tmp_path / "card.json", path)
    assert not (tmp_path / "card.json").exists()


def test_the_command_says_what_is_wrong_and_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index").write_bytes(b"no table")
    (tmp_path / "data").write_bytes(b"")
    arguments = ["musicnn", *(str(tmp_path / name) for name in ("out", "index", "data"))]
    assert conversion.main(arguments) == 1
    assert "table" in capsys.readouterr().err


def test_the_command_writes_a_card(tmp_path: Path) -> None:
    path = configuration(tmp_path, f"MTT_LABELS = {LABELS!r}")
    assert conversion.main(["musicnn_mtt_card", str(tmp_path / "card.json"), str(path)]) == 0
    assert json.loads((tmp_path / "card.json").read_text())["name"].endswith("(MagnaTagATune)")
