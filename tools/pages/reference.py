"""The reference: a page for each package of the contracts, and an index of all calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tools.pages.contracts import Enum, Field, Message, Method, Package, Service
from tools.pages.markdown import anchor, cell, prose, table

FOLDER = "docs/reference"

LEGEND = """\
How to read the tables. **presence**: *optional* fields tell absent from 0 or empty, and absent is what their comment
says it is; *list* and *map* may be empty; of the fields that are *one of* something exactly one is set; any other field
is 0, false or empty where it was not given. Errors carry a `google.rpc.ErrorInfo` whose reason is the word in capitals
that the comments name."""


def pages(packages: Sequence[Package]) -> dict[str, str]:
    """Gives the text of each page by its path from the root."""
    names = {each.full_name: package.name for package in packages for each in package.types}
    made = {f"{FOLDER}/{_file(package.name)}": _page(package, names) for package in packages}
    return {f"{FOLDER}/README.md": _index(packages), **made}


def _file(package: str) -> str:
    return f"{package.removeprefix('antiphon.')}.md"


def _index(packages: Sequence[Package]) -> str:
    listed = [
        (
            f"[{package.name}]({_file(package.name)})",
            cell(prose(" ".join(package.comments))),
        )
        for package in packages
    ]
    calls = [
        (
            f"[{service.full_name.rpartition('.')[2]}.{method.name}]({_file(package.name)}"
            f"#{anchor(_heading(service, method))})",
            _shape(method),
            cell(_first_sentence(method.comment)),
        )
        for package in packages
        for service in package.services
        for method in service.methods
    ]
    return "\n\n".join(
        [
            "# Reference of the contracts",
            "Made from `protos/` by `make pages`, and held by `make check`; what is to change is changed there.",
            table(("package", "what"), listed),
            "## All calls",
            table(("call", "", "what"), calls),
            "More: [every feature of essentia by its group](essentia-features.md), "
            "[all settings](../settings.md), [generating code for other languages](../../protos/README.md).\n",
        ]
    )


def _page(package: Package, names: Mapping[str, str]) -> str:
    made_of = ", ".join(f"`{path}`" for path in package.paths)
    parts = [
        f"# {package.name}",
        *(prose(comment) for comment in package.comments),
        f"Made from {made_of} by `make pages`; what is to change is changed there. [All packages](README.md).",
        LEGEND,
    ]
    for service in package.services:
        parts += [f"## {service.full_name.rpartition('.')[2]}", prose(service.comment)]
        for method in service.methods:
            parts += [
                f"### {_heading(service, method)}",
                _signature(method, package.name, names),
                prose(method.comment),
            ]
    if package.types:
        parts.append("## Messages and enums")
    for each in package.types:
        parts += [f"### {_short(each.full_name, package.name)}", prose(each.comment)]
        parts += _enum(each) if isinstance(each, Enum) else _message(each, package.name, names)
    return "\n\n".join(parts) + "\n"


def _heading(service: Service, method: Method) -> str:
    return f"{service.full_name.rpartition('.')[2]}.{method.name}"


def _shape(method: Method) -> str:
    return f"{'stream' if method.takes_stream else 'one'} → {'stream' if method.gives_stream else 'one'}"


def _signature(method: Method, here: str, names: Mapping[str, str]) -> str:
    takes = f"{'stream of ' if method.takes_stream else ''}{_link(method.takes, here, names)}"
    return f"{takes} → {'stream of ' if method.gives_stream else ''}{_link(method.gives, here, names)}"


def _message(message: Message, here: str, names: Mapping[str, str]) -> Iterator[str]:
    if message.fields:
        rows = [_field(each, here, names) for each in message.fields]
        yield table(("field", "type", "presence", "what, unit, range"), rows)


def _field(field: Field, here: str, names: Mapping[str, str]) -> tuple[str, ...]:
    kind = " → ".join(_link(part, here, names) for part in field.type.split(" → "))
    return f"`{field.name}` = {field.number}", kind, field.presence, cell(prose(field.comment))


def _enum(enum: Enum) -> Iterator[str]:
    rows = [(f"`{name}`", str(number), cell(prose(comment))) for name, number, comment in enum.values]
    yield table(("value", "number", "what"), rows)


def _short(full_name: str, package: str) -> str:
    return full_name.removeprefix(f"{package}.")


def _link(name: str, here: str, names: Mapping[str, str]) -> str:
    package = names.get(name)
    if package is None:
        return name
    page = "" if package == here else _file(package)
    shown = name.removeprefix(f"{here}.").removeprefix("antiphon.")
    return f"[{shown}]({page}#{anchor(_short(name, package))})"


def _first_sentence(comment: str) -> str:
    return re.split(r"(?<=\.)\s", prose(comment), maxsplit=1)[0]
