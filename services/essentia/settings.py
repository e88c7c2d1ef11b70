"""What an operator can set about music analysis."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting

PORT = 50053
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class EssentiaSettings(Bounded):
    """Settings of the essentia family, read from variables that begin with ESSENTIA_."""

    engine: str = setting(
        "features", "Engine that measures: a name in services/essentia/engines.", choices=("features",)
    )
    max_seconds: float = setting(
        14400.0, "Longest clip analysed, in seconds; a longer one is refused (AUDIO_TOO_LONG).", least=1
    )
    window_seconds: float = setting(
        600.0,
        "Longest piece of audio held at once, in seconds, at least 60; tempo, key and melody are followed through it.",
        least=60,
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
    thread_count: int = setting(1, "CPU threads of one worker; more workers use more cores better.", least=1)
