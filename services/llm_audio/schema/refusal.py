"""How a schema is refused: by its path and the limit."""

from __future__ import annotations

from typing import Any

from antiphon_wire.errors import AntiphonError, invalid

_PATH_CHARACTERS = 200


def refused(message: str, path: str = "", **metadata: Any) -> AntiphonError:
    """Makes the error for a schema, the place in it that is at fault, and what would be right.

    >>> refused("maxLength is 7; give at most 5", "#/items").message
    'the schema, at #/items: maxLength is 7; give at most 5'
    """
    at = path.encode(errors="replace").decode()[:_PATH_CHARACTERS]
    said = f"the schema{f', at {at}' if at else ''}: {message}"
    return invalid("JSON_SCHEMA", said, field="config.json_schema", **({"path": at} if at else {}), **metadata)
