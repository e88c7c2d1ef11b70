"""What an operator can set about language models."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import setting

MIN_CONTEXT_TOKENS = 512


@dataclass(frozen=True)
class LlmAudioSettings:
    """Settings of the llm_audio family, read from variables that begin with LLM_AUDIO_."""

    engine: str = setting(
        "text-gguf",
        "Engine where a call names none: a name in services/llm_audio/engines.",
        choices=("text-gguf", "music-flamingo-gguf"),
    )
    device: str = setting(
        "auto",
        "Where to compute; auto takes a GPU where there is one, cuda is also ROCm's name.",
        choices=("auto", "cpu", "cuda"),
    )
    gpu_layers: int = setting(-1, "Layers of a GGUF that go to the GPU where there is one; -1 for all.")
    thread_count: int = setting(1, "Threads of one worker; more than free cores makes it slower.")
    default_model: str = setting(
        "", "Model where a call names none: a name in models.toml; empty for the engine's default there."
    )
    context_tokens: int = setting(
        4096, "Tokens that prompt and answer may have together, audio not counted, at least 512; memory grows with it."
    )
    batch_tokens: int = setting(256, "Tokens of a prompt that llama.cpp reads at once, 32 to 4096.")

    def __post_init__(self) -> None:
        if self.thread_count < 1:
            raise ValueError(f"thread_count={self.thread_count}: give at least 1")
        if self.gpu_layers < -1:
            raise ValueError(f"gpu_layers={self.gpu_layers}: give -1 or more")
        if self.context_tokens < MIN_CONTEXT_TOKENS:
            raise ValueError(f"context_tokens={self.context_tokens}: give at least {MIN_CONTEXT_TOKENS}")
        if not 32 <= self.batch_tokens <= 4096:
            raise ValueError(f"batch_tokens={self.batch_tokens}: give 32 to 4096")
