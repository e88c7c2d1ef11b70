"""Settings of the generation service, read from ``GENERATION_*``."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting

PORT = 50054
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class GenerationSettings(Bounded):
    """How this service generates; every field is an environment variable, see the service's README."""

    engine: str = setting(
        "musicgen", "Engine whose default model answers where a request names no model.", ("musicgen", "audiocraft")
    )
    device: str = setting(
        "auto",
        "Where it computes: `cuda` (also ROCm), `cpu`, or `auto` for the first that is there.",
        ("auto", "cpu", "cuda"),
    )
    precision: str = setting(
        "auto",
        "Number format: `float32`, `bfloat16`, or `auto` for bfloat16 on a GPU and float32 elsewhere.",
        ("auto", "float32", "bfloat16"),
    )
    decoding: str = setting(
        "auto",
        "Memory of past steps: `dynamic` grows, `static` has a fixed size, `compiled` is static and compiles the step, "
        "which takes minutes; `auto` for static on a GPU and dynamic elsewhere. Engine musicgen.",
        ("auto", "dynamic", "static", "compiled"),
    )
    thread_count: int = setting(
        1, "CPU threads for one generation; large models gain by more, if cores are idle.", least=1
    )
    default_model: str = setting(
        "", "Model used where a request names none; empty for the one that a manifest marks as the engine's default."
    )
    block_seconds: float = setting(0.5, "New audio in one block of the stream (s).", above=0)
    window_seconds: float = setting(30.0, "Longest stretch that the model looks at; MusicGen was trained on 30 s.")
    context_seconds: float = setting(
        10.0, "What a further window, or a continuation, knows of what came before (s).", least=0.1
    )
    max_seconds: float = setting(600.0, "New audio that one piece may have (s).", above=0)
    max_total_seconds: float = setting(1200.0, "New audio that all pieces of a call may have together (s).", above=0)
    max_pieces: int = setting(8, "Pieces of one call; they are generated together.", least=1)
    max_prompt_tokens: int = setting(
        256, "Tokens that a prompt may have, as the model's text encoder counts them.", least=1
    )

    def __post_init__(self) -> None:
        """Refuses what cannot work; ``chassis.settings.read`` reports the ValueError as a SettingError."""
        super().__post_init__()
        if not self.context_seconds <= self.window_seconds - 0.1:  # written so that NaN is refused too
            raise ValueError(
                f"context_seconds is {self.context_seconds} of window_seconds {self.window_seconds}; "
                "leave at least 0.1 of the window to what is new"
            )
