"""Which model answers a call that names an engine, a model, both or neither."""

from __future__ import annotations

from antiphon_wire.errors import invalid, not_ready
from chassis.models import Manifest, Model
from services.llm_audio.engines import ENGINES
from services.llm_audio.settings import LlmAudioSettings


def default_model(engine: str, manifest: Manifest, settings: LlmAudioSettings) -> str:
    """Name of the model of an engine, or of the service where none is named; empty where there is none."""
    if settings.default_model and not engine:
        return settings.default_model
    model = manifest.default(engine or settings.engine)
    return "" if model is None else model.name


def chosen_model(
    engine: str, model: str, manifest: Manifest, settings: LlmAudioSettings, field: str = "config"
) -> Model:
    """The manifest's row of the model that is meant.

    Args:
        engine: Name in ENGINES; empty for the model's, or the service's own.
        model: Name in the manifest; empty for the engine's default.
        manifest: The service's.
        settings: The service's.
        field: Path of the message that names them, for errors.

    Raises:
        AntiphonError: UNKNOWN_ENGINE, UNKNOWN_MODEL, ENGINE_OF_MODEL; NO_DEFAULT_MODEL, which the caller may not be at
            fault for.
    """
    if engine and engine not in ENGINES:
        known = ", ".join(ENGINES)
        raise invalid(
            "UNKNOWN_ENGINE",
            f"there is no engine {engine!r}; choose one of {known}",
            field=f"{field}.engine",
            engine=engine,
            known=known,
        )
    name = model or default_model(engine, manifest, settings)
    if not name:
        engine = engine or settings.engine
        raise not_ready(
            "NO_DEFAULT_MODEL",
            f"the engine {engine} has no default model in the manifest; name a model",
            engine=engine,
        )
    rows = [row.name for row in manifest.models]
    if name not in rows:
        raise invalid(
            "UNKNOWN_MODEL",
            f"no model named {name!r}; {manifest.service} has {', '.join(rows) or 'no models'}",
            field=f"{field}.model",
            model=name,
            service=manifest.service,
            known=", ".join(rows),
        )
    found = manifest.model(name)
    if engine and found.engine != engine:
        raise invalid(
            "ENGINE_OF_MODEL",
            f"the model {name} is for engine {found.engine}, not {engine}; leave one of them out",
            field=f"{field}.engine",
            model=name,
            engine=found.engine,
            asked=engine,
        )
    return found
