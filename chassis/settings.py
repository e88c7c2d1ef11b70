"""Settings: environment variables read once into a frozen dataclass, every field typed, defaulted and documented."""

from __future__ import annotations

import dataclasses
import os
import textwrap
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from antiphon_wire.spelling import did_you_mean

T = TypeVar("T")

SHARED_PREFIX = "ANTIPHON"


class SettingError(ValueError):
    """A variable holds something that its setting does not accept; the message names both and what would be right."""


def setting(
    default: Any,
    doc: str,
    choices: tuple[str, ...] = (),
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> Any:
    """Declares one field of a settings dataclass; the bounds hold where the class derives from :class:`Bounded`.

    Args:
        default: Value where the variable is not set; must run on a laptop.
        doc: One line for the README, with the unit.
        choices: The values accepted; empty for any of the field's type.
        least: Smallest number accepted.
        most: Largest number accepted.
        above: Number that must be exceeded.
    """
    metadata = {"doc": doc, "choices": choices, "least": least, "most": most, "above": above}
    return dataclasses.field(default=default, metadata=metadata)


class Bounded:
    """Base of settings dataclasses whose numbers have bounds, each declared where its default is."""

    def __post_init__(self) -> None:
        """Raises ValueError for the first number out of its bounds; NaN is out of any. None, for unset, is let pass."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value, bounds = getattr(self, field.name), field.metadata
            if value is None:
                continue
            least, most, above = bounds["least"], bounds["most"], bounds["above"]
            # Written so that NaN, which compares false with everything, is refused.
            if not ((least is None or value >= least) and (most is None or value <= most)):
                upper = "or more" if most is None else f"to {most:g}"
                raise ValueError(f"{field.name} is {value}; give {least:g} {upper}")
            if above is not None and not value > above:
                raise ValueError(f"{field.name} is {value}; give more than {above:g}")


def read(cls: type[T], prefix: str, environ: Mapping[str, str] | None = None) -> T:
    """Reads ``<PREFIX>_<FIELD>``, or else ``ANTIPHON_<FIELD>``, for each field of the dataclass ``cls``.

    Raises:
        SettingError: a value is not of the field's type, or not one of its choices.
    """
    environ = environment(environ)
    hints = typing.get_type_hints(cls)
    values = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        variable = f"{prefix}_{field.name.upper()}"
        if not environ.get(variable):
            variable = f"{SHARED_PREFIX}_{field.name.upper()}"
        text = environ.get(variable)
        if not text:
            continue
        value = _parse(variable, text, hints[field.name])
        choices = field.metadata.get("choices", ())
        if choices and value not in choices:
            hint = did_you_mean(text, choices)
            raise SettingError(f"{variable}={text!r}: {hint}choose one of {', '.join(choices)}")
        values[field.name] = value
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingError(f"{prefix} settings: {error}") from error


def environment(given: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Gives the variables of the process, or those given in their place."""
    return os.environ if given is None else given


def describe(cls: type, prefix: str) -> list[tuple[str, str, str]]:
    """Lists (variable, default, doc) of each field, for READMEs and ``--help``."""
    return [
        (
            f"{prefix}_{field.name.upper()}",
            _told(field.default),
            field.metadata["doc"],
        )
        for field in dataclasses.fields(cls)
    ]


def _told(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default in (None, "") else str(default)


def help_lines(prefix: str, *classes: type) -> list[str]:
    """Gives what ``--help`` says of the settings of dataclasses: each variable and what it is, in 80 columns."""
    lines = []
    for variable, default, doc in (row for cls in classes for row in describe(cls, prefix)):
        lines.append(f"  {variable}" + (f" [{default}]" if default else ""))
        lines += textwrap.wrap(doc, 78, initial_indent="      ", subsequent_indent="      ")
    return lines


def _parse(variable: str, text: str, hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if hint is bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if text.lower() not in words:
            raise SettingError(f"{variable}={text!r}: give true or false")
        return words[text.lower()]
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            kind = "a whole number" if hint is int else "a number"
            raise SettingError(f"{variable}={text!r}: give {kind}") from None
    return Path(text).expanduser() if hint is Path else text
