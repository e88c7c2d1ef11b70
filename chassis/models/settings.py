"""Where weights are kept and where they may be fetched from, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.settings import SettingError, read, setting

SOURCE_KINDS = ("directory", "wheel", "hub", "https")
"""Kinds of source, in no order."""


@dataclass(frozen=True)
class StoreSettings:
    """Variables that begin with ``ANTIPHON_``."""

    models: Path | None = setting(None, "folder that keeps model weights; unset: ~/.cache/antiphon/models")
    model_mirror: Path | None = setting(None, "folder searched for weights, by digest, before anything is fetched")
    model_sources: tuple[str, ...] = setting(
        (), "kinds of source to use, in this order (directory, wheel, hub, https); unset: as each manifest lists them"
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


def read_settings(environ: Mapping[str, str] | None = None) -> tuple[StoreSettings, HubSettings]:
    """Reads both groups.

    Raises:
        SettingError: a value is not what its setting accepts.
    """
    return read(StoreSettings, "ANTIPHON", environ), read(HubSettings, "HF", environ)


__all__ = ["SOURCE_KINDS", "HubSettings", "SettingError", "StoreSettings", "read_settings"]
