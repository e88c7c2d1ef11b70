"""Settings of the separation service, read from ``SEPARATION_*``."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import setting


@dataclass(frozen=True)
class SeparationSettings:
    """How this service separates; every field is an environment variable, see the service's README."""

    device: str = setting(
        "auto",
        "Where it computes: `cuda` (also ROCm), `cpu`, or `auto` for the first that is there.",
        ("auto", "cpu", "cuda"),
    )
    thread_count: int = setting(1, "CPU threads for one separation; more workers use more cores better.")
    default_model: str = setting("spleeter-2stems", "Model used where a request names none.")

    def __post_init__(self) -> None:
        """Refuses what cannot work; ``chassis.settings.read`` reports the ValueError as a SettingError."""
        if self.thread_count < 1:
            raise ValueError(f"thread_count is {self.thread_count}; give 1 or more")
