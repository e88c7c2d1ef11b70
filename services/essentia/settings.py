"""What an operator can set about music analysis."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import setting


@dataclass(frozen=True)
class EssentiaSettings:
    """Settings of the essentia family, read from variables that begin with ESSENTIA_."""

    engine: str = setting(
        "features", "Engine that measures: a name in services/essentia/engines.", choices=("features",)
    )
    max_seconds: float = setting(
        1800.0,
        "Longest clip analysed, in seconds; a longer one is refused (AUDIO_TOO_LONG), since memory grows with it.",
    )
    window_seconds: float = setting(
        600.0, "Longest piece, in seconds, that tempo and melody are followed through at once; at least 60."
    )

    def __post_init__(self) -> None:
        if self.max_seconds < 1:
            raise ValueError(f"max_seconds={self.max_seconds}: give at least 1")
        if self.window_seconds < 60:
            raise ValueError(f"window_seconds={self.window_seconds}: give at least 60")
