"""The page of all settings: what each process reads from its environment."""

from __future__ import annotations

import dataclasses
import importlib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from antiphon_cli.program import cli
from chassis.models.settings import HubSettings, StoreSettings
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.settings import describe
from gateway.settings import GatewaySettings
from tools.pages.markdown import cell, table

PATH = "docs/settings.md"

_SERVICES = Path(__file__).resolve().parents[2] / "services"


def _families() -> dict[str, type]:
    """Finds the settings of each folder of ``services``, in the order of their ports."""
    modules = [
        importlib.import_module(f"services.{path.parent.name}.settings") for path in _SERVICES.glob("*/settings.py")
    ]
    return {
        module.__name__.split(".")[1]: settings
        for module in sorted(modules, key=lambda each: int(each.PORT))
        for settings in vars(module).values()
        if isinstance(settings, type) and settings.__module__ == module.__name__
    }


FAMILIES: dict[str, type] = _families()
"""The settings of each family, by its name."""

OF_THE_STACK = (
    ("ANTIPHON_ROOT", "the one that holds `cli/`", "Checkout whose services are started and whose models are listed."),
    (
        "ANTIPHON_STATE",
        "`.run` in the checkout, else one of the user",
        "Folder of logs and of what `antiphon up` has started.",
    ),
    ("<SERVICE>_ENGINE", "", "Engine of a service, which runs in the environment of that engine where it has one."),
)
"""What the command line reads without an option beside it; a test holds that its sources name each."""

_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def page() -> str:
    """Gives the page as text."""
    parts = [
        "# Settings",
        "Made from the settings in the code by `make pages`, and held by `make check`; what is to change is changed "
        "there.",
        "Every process reads environment variables once, when it starts, and refuses to start with a value that it "
        "cannot use. A variable that is not set, or empty, gives the default. Where a variable begins with the name of "
        "a service, `ANTIPHON_` in its place sets it for all services at once, and the service's own goes before it: "
        "`SPEECH_LOG_LEVEL`, else `ANTIPHON_LOG_LEVEL`. A list is separated by commas.",
        "## Every server",
        "The gateway and the families; `<SERVICE>` is `GATEWAY`, "
        + ", ".join(f"`{name.upper()}`" for name in FAMILIES)
        + ".",
        _table(ServerSettings, "<SERVICE>"),
        "## Every family",
        "What the families have beside that: their models, their workers and what they take in.",
        _table(WorkerSettings, "<SERVICE>"),
    ]
    for name, settings in FAMILIES.items():
        parts += [f"## {name}", f"[The service](../services/{name}/README.md).", _table(settings, name.upper())]
    parts += ["## gateway", "[The gateway](../gateway/README.md).", _table(GatewaySettings, "GATEWAY")]
    parts += [
        "## Models",
        "The store of weights, for services and for `antiphon models`.",
        _table(StoreSettings, "ANTIPHON"),
    ]
    parts += ["The model hub, under the names that its own client reads.", _table(HubSettings, "HF")]
    parts += ["## The command line", "An option goes before its variable.", _command_line()]
    return "\n\n".join(parts) + "\n"


def _table(settings: type, prefix: str) -> str:
    hints = typing.get_type_hints(settings)
    fields = dataclasses.fields(settings)
    rows = [
        (f"`{variable}`", _default(field.default), _values(hints[field.name], field), cell(doc.replace("<", "&lt;")))
        for field, (variable, _, doc) in zip(fields, describe(settings, prefix), strict=True)
    ]
    return table(("variable", "default", "values", "what"), rows)


def _default(value: object) -> str:
    if value in (None, "", ()):
        return ""
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _values(hint: object, field: dataclasses.Field[object]) -> str:
    choices = field.metadata.get("choices", ())
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    bounds = _bounds(field.metadata)
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    kind = "list" if typing.get_origin(hint) is tuple else _KINDS[typing.cast("type", hint)]
    return f"{kind}, {bounds}" if bounds else kind


def _bounds(declared: Mapping[str, Any]) -> str:
    """Says which numbers are accepted, such as ``0 to 65535``; empty where the setting declares no bound."""
    least, most, above = (declared.get(name) for name in ("least", "most", "above"))
    if most is not None:
        return f"{_number(least)} to {_number(most)}" if least is not None else f"{_number(most)} or less"
    if least is not None:
        return f"{_number(least)} or more"
    return "" if above is None else f"more than {_number(above)}"


def _number(value: float) -> str:
    return f"{value:.15g}"


def _command_line() -> str:
    found: dict[str, list[tuple[str, click.Option]]] = {}
    for command, option in _options(cli, ()):
        for variable in [option.envvar] if isinstance(option.envvar, str) else option.envvar or ():
            found.setdefault(variable, []).append((command, option))
    rows = [
        (
            f"`{variable}`",
            next((shown for _, option in found[variable] if (shown := _shown_default(option))), ""),
            "As "
            + ", ".join(f"`{option.opts[-1]}` of `antiphon {command}`" for command, option in found[variable])
            + ".",
        )
        for variable in sorted(found)
    ]
    return table(("variable", "default", "what"), [*((f"`{name}`", *rest) for name, *rest in OF_THE_STACK), *rows])


def _uses(found: Sequence[tuple[str, click.Option]]) -> str:
    return ", ".join(f"`{option.opts[-1]}` of `antiphon {command}`" for command, option in found)


def _shown_default(option: click.Option) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    return f"`{option.default}`" if isinstance(option.default, str) else ""


def _options(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, click.Option]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _options(command, (*path, name))
        yield from ((" ".join((*path, name)), option) for option in command.params if isinstance(option, click.Option))
