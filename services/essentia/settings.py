"""What an operator can set about music analysis."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import setting

PORT = 50053
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class EssentiaSettings:
    """Settings of the essentia family, read from variables that begin with ESSENTIA_."""

    engine: str = setting(
        "features", "Engine that measures: a name in services/essentia/engines.", choices=("features",)
    )
    max_seconds: float = setting(
        14400.0, "Longest clip analysed, in seconds; a longer one is refused (AUDIO_TOO_LONG)."
    )
    window_seconds: float = setting(
        600.0,
        "Longest piece of audio held at once, in seconds, at least 60; tempo, key and melody are followed through it.",
    )

    tag_models: tuple[str, ...] = setting(
        ("musicnn-msd", "musicnn-mtt", "discogs-genre", "discogs-mood", "discogs-instrument"),
        "Models that tag where a call names none, as far as they are installed, separated by commas.",
    )
    device: str = setting(
        "auto",
        "Where networks in ONNX Runtime compute: `cpu`, `cuda`, `migraphx` (AMD), or `auto` for the first there is.",
        choices=("auto", "cpu", "cuda", "migraphx"),
    )
    thread_count: int = setting(1, "CPU threads of one worker; more workers use more cores better.")

    def __post_init__(self) -> None:
        if self.thread_count < 1:
            raise ValueError(f"thread_count={self.thread_count}: give at least 1")
        if self.max_seconds < 1:
            raise ValueError(f"max_seconds={self.max_seconds}: give at least 1")
        if self.window_seconds < 60:
            raise ValueError(f"window_seconds={self.window_seconds}: give at least 60")
