"""The JSON Schema of an answer: checked before a model is asked, and held against what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
from referencing.jsonschema import EMPTY_REGISTRY

from antiphon_wire.errors import invalid


class AnswerSchema:
    """A JSON Schema that answers must keep to.

    Args:
        text: The schema, in JSON (draft 2020-12).

    Raises:
        AntiphonError: JSON_SCHEMA where it is no schema, or refers to something outside it.
    """

    def __init__(self, text: str) -> None:
        try:
            document = json.loads(text)
            jsonschema.Draft202012Validator.check_schema(document)
        except (ValueError, RecursionError, jsonschema.SchemaError) as error:
            message = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
            raise invalid("JSON_SCHEMA", f"the schema is none: {message}", field="config.json_schema") from error
        outside = [each for each in _references(document) if not each.startswith("#")]
        if outside:
            # The library would fetch it.
            message = f"the schema refers to {outside[0]!r}; references stay within the schema (#/…)"
            raise invalid("JSON_SCHEMA", message, field="config.json_schema", reference=outside[0])
        self._validator = jsonschema.Draft202012Validator(document, registry=EMPTY_REGISTRY)

    def canonical(self, text: str) -> str | None:
        """Gives an answer as canonical JSON; None where it does not keep to the schema."""
        try:
            # A grammar lets raw newlines into strings, which strict JSON does not.
            document = json.loads(text, strict=False)
            self._validator.validate(document)
        except (ValueError, RecursionError, jsonschema.ValidationError):
            return None
        return json.dumps(document, ensure_ascii=False)


def _references(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(document, list):
        for value in document:
            yield from _references(value)
