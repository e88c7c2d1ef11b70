"""Each proto file names itself in other languages by the rule of docs/decisions/0020-names-in-other-languages.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROTOS = Path(__file__).resolve().parents[1] / "protos"
PATHS = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))


def camel(words: str) -> str:
    """Gives ``llm_audio`` as ``LlmAudio``."""
    return "".join(word.capitalize() for word in words.split("_"))


@pytest.mark.parametrize("path", PATHS)
def test_a_proto_names_itself_in_other_languages(path: str) -> None:
    text = (PROTOS / path).read_text(encoding="utf-8")
    options = dict(re.findall(r'^option (\w+) = "?(.*?)"?;$', text, re.MULTILINE))
    parts = path.split("/")[:-1]
    assert options == {
        "go_package": f"{'/'.join(parts)};{parts[-2].replace('_', '')}{parts[-1]}",
        "java_multiple_files": "true",
        "java_outer_classname": f"{camel(Path(path).stem)}Proto",
        "java_package": ".".join(parts),
        "php_namespace": r"\\".join(camel(part) for part in parts),
    }
