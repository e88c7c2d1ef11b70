"""The page of essentia's features: every number that an analysis can give, by its group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tools.pages.contracts import Message, Package
from tools.pages.markdown import cell, prose, table

PATH = "docs/reference/essentia-features.md"
_PACKAGE = "antiphon.essentia.v1"


def page(packages: Sequence[Package]) -> str:
    """Gives the page as text: a section for each group of ``Features``, and for what repeats within it."""
    essentia = next(package for package in packages if package.name == _PACKAGE)
    messages = {each.full_name: each for each in essentia.types if isinstance(each, Message)}
    features = messages[f"{_PACKAGE}.Features"]
    parts = [
        "# Features of essentia, group by group",
        "Made from `protos/antiphon/essentia/v1/essentia_service.proto` by `make pages`; what is to change is changed "
        "there. [The service](../../services/essentia/README.md), [its calls](essentia.v1.md).",
        prose(features.comment),
    ]
    for field in sorted(features.fields, key=lambda each: each.name == "series"):
        parts += _section(field.name, messages[field.type], messages)
    return "\n\n".join(parts) + "\n"


def _section(path: str, message: Message, messages: Mapping[str, Message]) -> Iterator[str]:
    yield f"## {path}"
    yield prose(message.comment)
    rows = [(f"`{field.name}`", cell(prose(field.comment))) for field in message.fields]
    yield table(("field", "what, unit, range"), rows)
    for field in message.fields:
        if field.type in messages:
            yield from _section(f"{path}.{field.name}", messages[field.type], messages)
