"""What an operator can set about speech recognition."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting

COMPUTE_TYPES = (
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)

PORT = 50052
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class SpeechSettings(Bounded):
    """Settings of the speech family, read from variables that begin with SPEECH_."""

    engine: str = setting(
        "faster-whisper",
        "Engine whose default model answers where a call names none; each has an environment of its own.",
        choices=("faster-whisper", "openai-whisper"),
    )
    device: str = setting(
        "auto",
        "Where to compute; auto takes a GPU where there is one, cuda is also ROCm's name.",
        choices=("auto", "cpu", "cuda"),
    )
    compute_type: str = setting(
        "auto",
        "Number format of the weights; auto is int8 (openai-whisper: float32) on a CPU, float16 on a GPU.",
        choices=COMPUTE_TYPES,
    )
    thread_count: int = setting(1, "Threads of one worker; more than free cores makes it slower.", least=1)
    default_model: str = setting(
        "", "Model where a call names none: a name in models.toml; empty for the engine's default there."
    )
    window_seconds: float = setting(
        180.0,
        "Longest piece of audio held in memory at once, in seconds; at least 5. Pieces end at quiet places.",
        least=5.0,
    )
    live_streams: int | None = setting(
        None,
        "Live streams at once; where not set, 3 for every 2 cores (of a container, those of its quota). "
        "0 refuses them and starts no worker for them.",
        least=0,
    )
    live_workers: int | None = setting(
        None,
        "Processes for live streams, each with a copy of the model, started as needed; where not set, 1 per core.",
        least=1,
    )
    live_seconds: float = setting(3600.0, "Length of audio that one live stream may have, in seconds.", above=0)
