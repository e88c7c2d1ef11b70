"""``models.toml``: the models of one service, read strictly, so that a slip of the pen is an error, not a default."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon_wire.errors import invalid
from antiphon_wire.spelling import meant
from chassis.models.manifest_files import Archives, read_archives, read_file, read_set
from chassis.models.manifest_row import ManifestError, Row
from chassis.models.model import Model
from chassis.models.plain_file import read_plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_BYTES = 4 << 20


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
            extra: A further manifest, an operator's own, whose models come after those of ``path``; None for none. Its
                word goes before that of ``path`` on which model is an engine's default, and on what an alias means.

        Raises:
            ManifestError: a file is missing, is no TOML, or breaks a rule of this module.
        """
        service = path.resolve().parent.name
        own = _load(service, path)
        if extra is None:
            return own
        added = _load(service, extra).models
        models = (*(_giving_way(model, added) for model in own.models), *added)
        try:
            _check_unique(models)
        except ManifestError as error:
            raise ManifestError(f"{extra}: {error}") from error
        return cls(service, models)

    def model(self, name: str) -> Model:
        """Looks a model up.

        Args:
            name: Of the model, or one of its aliases.

        Raises:
            AntiphonError: UNKNOWN_MODEL, with the names that there are.
        """
        found = self.find(name)
        if found is not None:
            return found
        known = ", ".join(model.name for model in self.models)
        raise invalid(
            "UNKNOWN_MODEL",
            f"no model named {name!r}; " + meant(name, self.names(), f"{self.service} has {known or 'no models'}"),
            field="config.model",
            model=name,
            service=self.service,
            known=known,
        )

    def find(self, name: str) -> Model | None:
        """The model of that name or alias; None where there is none."""
        return next((model for model in self.models if name == model.name or name in model.aliases), None)

    def names(self) -> list[str]:
        """Every name and alias."""
        return [name for model in self.models for name in (model.name, *model.aliases)]

    def default(self, engine: str) -> Model | None:
        """The model that ``engine`` uses where the caller names none; None where the manifest names none."""
        return next((model for model in self.models if model.engine == engine and model.default), None)


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
    archives = read_archives(row)
    models = tuple(_model(service, model, archives) for model in row.rows("models"))
    row.done()
    _check_unique(models)
    return Manifest(service, models)


def _giving_way(model: Model, added: tuple[Model, ...]) -> Model:
    """A model without the default and the aliases that an operator's own models claim."""
    taken = {name for other in added for name in (other.name, *other.aliases)}
    default = model.default and not any(other.default and other.engine == model.engine for other in added)
    return replace(model, default=default, aliases=tuple(name for name in model.aliases if name not in taken))


def _check_unique(models: tuple[Model, ...]) -> None:
    names = [name for model in models for name in (model.name, *model.aliases)]
    if len(set(names)) != len(names):
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        raise ManifestError(f"two models share a name: {twice}; give one of them another")
    defaults = [model.engine for model in models if model.default]
    if len(set(defaults)) != len(defaults):
        raise ManifestError(f"an engine has two default models: {', '.join(defaults)}")


def _model(service: str, row: Row, archives: Archives) -> Model:
    model = Model(
        name=row.text("name", _NAME, "letters, digits, dots, dashes"),
        service=service,
        engine=row.text("engine"),
        default=row.take("default", bool),
        starter=row.take("starter", bool),
        revision=row.text("revision"),
        license_spdx=row.text("license_spdx"),
        commercial_use=row.take("commercial_use", bool),
        files=tuple(read_file(file, archives) for file in row.rows("files", optional=row.has("sets"))),
        summary=row.take("summary", str, "", optional=True),
        memory_bytes=row.take("memory_bytes", int, optional=True),
        parameter_count=row.count("parameter_count"),
        sets=tuple(read_set(one) for one in row.rows("sets", optional=True)),
        aliases=tuple(row.texts("aliases", _NAME, "letters, digits, dots, dashes")),
        mission=row.take("mission", bool, False, optional=True),
        gated=row.take("gated", bool, False, optional=True),
        stated_bytes=row.count("stated_bytes"),
    )
    row.done()
    names = [file.name for file in model.files]
    if len(set(names)) != len(names):
        raise ManifestError(f"{row.where}: give each file a name of its own")
    return model
