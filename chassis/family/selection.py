"""Which model answers a call that names an engine, a model, both or neither: one rule for every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from antiphon_wire.errors import invalid, not_ready
from antiphon_wire.spelling import did_you_mean, meant
from chassis.family.loading import engine_not_served
from chassis.models import Manifest, Model

AUTO = "auto"
"""Setting ``engine`` of a family that has the model chosen by a rule of its own."""


@dataclass(frozen=True)
class Selection:
    """Chooses among the models of one family.

    Attributes:
        family: Word of the family, such as ``speech``.
        engines: Its ENGINES table.
        manifest: Its models.
        engine: Engine whose default model answers where a call names neither engine nor model; empty for a family whose
            ``default_model`` always says which.
        default_model: Model of the service's own choice; empty for the one that the manifest marks as the default of
            ``engine``.
        own: Names the model where neither ``engine`` nor ``default_model`` settles it, empty where there is none; asked
            anew for each call, for what is installed may change. None for a family that has no such rule.
    """

    family: str
    engines: Mapping[str, str]
    manifest: Manifest
    engine: str = ""
    default_model: str = ""
    own: Callable[[], str] | None = None

    @classmethod
    def of(
        cls,
        family: str,
        engines: Mapping[str, str],
        settings: Any,
        manifest: Manifest,
        own: Callable[[], str] | None = None,
    ) -> Selection:
        """Reads the service's own choice from its settings ``engine`` and ``default_model``, as far as it has them."""
        engine, model = getattr(settings, "engine", ""), getattr(settings, "default_model", "")
        return cls(family, engines, manifest, engine, model, own if engine == AUTO else None)

    def default(self, engine: str = "") -> str:
        """Names the model of an engine, or of the service where none is given; empty where there is none."""
        if self.default_model and not engine:
            return self.default_model
        if self.own is not None and not engine:
            return self.own()
        marked = self.manifest.default(engine or self.engine)
        return "" if marked is None else marked.name

    def choose(self, model: str = "", engine: str = "", field: str = "config") -> Model:
        """Finds the manifest's row of the model that is meant.

        Args:
            model: Name or alias in the manifest; empty for the default of the engine, or of the service.
            engine: Name in ENGINES; empty for the model's own.
            field: Path of the message that names them, for errors.

        Raises:
            AntiphonError: UNKNOWN_ENGINE, UNKNOWN_MODEL, ENGINE_OF_MODEL for what the caller named; NO_DEFAULT_MODEL
                where the caller named nothing and the operator has nothing; ENGINE_NOT_SERVED where the engine of the
                model is not one of this family.
        """
        if engine and engine not in self.engines:
            known = ", ".join(self.engines)
            raise invalid(
                "UNKNOWN_ENGINE",
                f"there is no engine {engine!r}; {did_you_mean(engine, self.engines)}choose one of {known}",
                field=f"{field}.engine",
                engine=engine,
                known=known,
            )
        found = self._named(model, field) if model else self._default_row(engine)
        if engine and found.engine != engine:
            raise invalid(
                "ENGINE_OF_MODEL",
                f"the model {found.name} is for engine {found.engine}, not {engine}; leave one of them out",
                field=f"{field}.engine",
                model=found.name,
                engine=found.engine,
                asked=engine,
            )
        if found.engine not in self.engines:
            raise engine_not_served(found.engine, f"{self.family} has {', '.join(self.engines)}")
        return found

    def _named(self, name: str, field: str) -> Model:
        row = self._row(name)
        if row is None:
            known = ", ".join(each.name for each in self.manifest.models)
            raise invalid(
                "UNKNOWN_MODEL",
                f"no model named {name!r}; "
                + meant(name, self.manifest.names(), f"{self.family} has {known or 'no models'}"),
                field=f"{field}.model",
                model=name,
                service=self.family,
                known=known,
            )
        return row

    def _default_row(self, engine: str) -> Model:
        """What the operator chose; that it is missing is no fault of the caller, so the code says so."""
        name, prefix = self.default(engine), self.family.upper()
        row = self._row(name)
        if row is None:
            chosen = engine or self.engine
            what = (
                f"the default model of this service, {name}, is in no manifest"
                if name
                else f"the engine {chosen} has no default model in a manifest"
            )
            # A caller who names an engine is not answered by the service's default model.
            where = "in the request" if engine else f"in the request or in {prefix}_DEFAULT_MODEL"
            raise not_ready(
                "NO_DEFAULT_MODEL",
                f"{what}; name a model {where}, or bring one in by a manifest of your own ({prefix}_MODELS_EXTRA)",
                engine=chosen,
                model=name,
            )
        return row

    def _row(self, name: str) -> Model | None:
        return self.manifest.find(name)
