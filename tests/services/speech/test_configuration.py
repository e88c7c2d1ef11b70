"""A config.json that points to tokens or heads that there are not is refused before CTranslate2 reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError
from services.speech.whisper.configuration import need_configuration

RIGHT = {"alignment_heads": [[3, 1]], "lang_ids": [2, 3], "suppress_ids": [], "suppress_ids_begin": [0, 3]}


@dataclass(frozen=True)
class Folder:
    """An installed model, as far as it is looked at."""

    directory: Path
    name: str = "tiny"


@pytest.fixture(params=["vocabulary.txt", "vocabulary.json"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Folder:
    words = ["a", "b", "c", "d"]
    (tmp_path / request.param).write_text("\n".join(words) if request.param.endswith("txt") else json.dumps(words))
    return Folder(tmp_path)


def test_one_that_fits_passes(folder: Folder) -> None:
    (folder.directory / "config.json").write_text(json.dumps(RIGHT))
    assert need_configuration(folder) is None  # type: ignore[arg-type,func-returns-value]


@pytest.mark.parametrize("name", ["lang_ids", "suppress_ids", "suppress_ids_begin"])
@pytest.mark.parametrize("value", [[-1], [4], [10**9], ["a"], [1.5], 7, None, [[]]], ids=str)
def test_tokens_that_are_not_in_the_vocabulary_are_refused(folder: Folder, name: str, value: Any) -> None:
    (folder.directory / "config.json").write_text(json.dumps({**RIGHT, name: value}))
    with pytest.raises(AntiphonError, match=f"MODEL_INCOMPLETE.*{name}"):
        need_configuration(folder)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [[[1]], [[1, -1]], [[1, 2, 3]], [["a", 1]], [[1, 10**9]], 7, [[0, 0]] * 2000])
def test_heads_that_are_none_are_refused(folder: Folder, value: Any) -> None:
    (folder.directory / "config.json").write_text(json.dumps({**RIGHT, "alignment_heads": value}))
    with pytest.raises(AntiphonError, match="alignment_heads"):
        need_configuration(folder)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "null", "[]", "1", "{}", "[" * 100_000, "\ufeff"])
def test_what_is_no_configuration_is_refused(folder: Folder, text: str) -> None:
    (folder.directory / "config.json").write_text(text)
    with pytest.raises(AntiphonError, match="MODEL_INCOMPLETE"):
        need_configuration(folder)  # type: ignore[arg-type]
