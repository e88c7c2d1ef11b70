"""A table of a manifest, read key by key, so that what is missing, of another type or unknown is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestError(ValueError):
    """A ``models.toml`` is wrong; the message names the file, the row and what would be right."""


class Row:
    """A TOML table of which every key must be taken: a key left over is a typing error."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = dict(table)
        self.where = where

    def take(self, key: str, kind: type, default: Any = None, *, optional: bool = False) -> Any:
        """Takes the value of a key, of the type that it must have."""
        if key not in self._table:
            if optional:
                return default
            raise ManifestError(f"{self.where}: {key} is missing")
        value = self._table.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ManifestError(f"{self.where}: {key} = {value!r}; give a {kind.__name__}")
        return value

    def text(self, key: str, pattern: re.Pattern[str] | None = None, shape: str = "") -> str:
        """Takes a text that is not empty and, where a pattern is given, matches it."""
        value: str = self.take(key, str)
        if not value or (pattern is not None and pattern.fullmatch(value) is None):
            raise ManifestError(f"{self.where}: {key} = {value!r}; give {shape or 'some text'}")
        return value

    def texts(self, key: str, pattern: re.Pattern[str] | None = None, shape: str = "") -> list[str]:
        """Takes a list of texts that may be left out; none is empty, and each matches the pattern, if there is one."""
        values = self.take(key, list, [], optional=True)
        for value in values:
            if not isinstance(value, str) or not value or (pattern is not None and pattern.fullmatch(value) is None):
                raise ManifestError(f"{self.where}: {key} has {value!r}; give {shape or 'some text'}")
        return list(values)

    def digest(self) -> str:
        """Takes a SHA-256."""
        return self.text("sha256", _SHA256, "64 lower-case hex digits")

    def size(self) -> int:
        """Takes a number of bytes."""
        value: int = self.take("size", int)
        if value < 0:
            raise ManifestError(f"{self.where}: size = {value}; give the bytes")
        return value

    def count(self, key: str) -> int | None:
        """Takes a count that may be left out."""
        value: int | None = self.take(key, int, optional=True)
        if value is not None and value < 0:
            raise ManifestError(f"{self.where}: {key} = {value}; give a count, or leave it out")
        return value

    def rows(self, key: str, *, optional: bool = False) -> list[Row]:
        """Takes a list of tables."""
        tables = self.take(key, list, [], optional=optional)
        if not all(isinstance(table, dict) for table in tables):
            raise ManifestError(f"{self.where}: {key} is a list of tables")
        return [Row(table, f"{self.where}, {key} {table.get('name', index)}") for index, table in enumerate(tables)]

    def has(self, key: str) -> bool:
        """Whether a key is there and was not taken yet."""
        return key in self._table

    def done(self) -> None:
        """Refuses what was not taken."""
        if self._table:
            raise ManifestError(f"{self.where}: does not know {', '.join(sorted(self._table))}")
