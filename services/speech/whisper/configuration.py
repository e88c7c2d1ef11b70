"""The config.json of a CTranslate2 Whisper: tokens and attention heads that the library looks up without asking."""

from __future__ import annotations

import json
from typing import Any

from chassis.models import InstalledModel
from services.speech.whisper.refusals import unreadable

_TOKENS = ("suppress_ids", "suppress_ids_begin", "lang_ids")
_MOST_HEADS = 1024


def need_configuration(model: InstalledModel) -> None:
    """Checks that a model's config.json names tokens of its vocabulary and pairs of layer and head.

    CTranslate2 writes where a token's number points to, and ends the process where that is nowhere.

    Raises:
        AntiphonError: MODEL_INCOMPLETE.
    """
    try:
        found = json.loads((model.directory / "config.json").read_text("utf-8"))
        size = _vocabulary_size(model)
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(model, error) from error
    if not isinstance(found, dict):
        raise unreadable(model, ValueError("config.json is no object"))
    for name in _TOKENS:
        tokens = found.get(name, [])
        if not isinstance(tokens, list) or not all(isinstance(each, int) and 0 <= each < size for each in tokens):
            raise unreadable(model, ValueError(f"{name} of config.json are no tokens of the {size} in its vocabulary"))
    heads = found.get("alignment_heads")
    if not isinstance(heads, list) or len(heads) > _MOST_HEADS or not all(map(_is_head, heads)):
        raise unreadable(model, ValueError("alignment_heads of config.json are no pairs of layer and head"))


def _is_head(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, int) and 0 <= each < 256 for each in pair)


def _vocabulary_size(model: InstalledModel) -> int:
    listed = model.directory / "vocabulary.json"
    if listed.is_file():
        return len(json.loads(listed.read_text("utf-8")))
    return len((model.directory / "vocabulary.txt").read_text("utf-8").splitlines())
