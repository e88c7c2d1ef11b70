"""What an operator can set about language models."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting

PORT = 50055
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class LlmAudioSettings(Bounded):
    """Settings of the llm_audio family, read from variables that begin with LLM_AUDIO_."""

    engine: str = setting(
        "auto",
        "Engine whose default model answers where a call names neither engine nor model; auto is the first engine with "
        "an installed model of 1 billion parameters or more, and facts, which is prose by rule, where there is none.",
        choices=(
            "auto",
            "facts",
            "text-gguf",
            "music-flamingo-gguf",
            "music-flamingo-transformers",
            "gemma3n-transformers",
        ),
    )
    device: str = setting(
        "auto",
        "Where to compute; auto takes a GPU where there is one, cuda is also ROCm's name.",
        choices=("auto", "cpu", "cuda"),
    )
    gpu_layers: int = setting(-1, "Layers of a GGUF that go to the GPU where there is one; -1 for all.", least=-1)
    thread_count: int = setting(1, "Threads of one worker; more than free cores makes it slower.", least=1)
    default_model: str = setting(
        "", "Model where a call names none: a name in models.toml; empty for the engine's default there."
    )
    context_tokens: int = setting(
        4096,
        "Tokens that prompt and answer may have together, audio not counted, at least 512; memory grows with it.",
        least=512,
    )
    batch_tokens: int = setting(256, "Tokens of a prompt that are read at once, 32 to 4096.", least=32, most=4096)
    precision: str = setting(
        "auto",
        "Number format of models by transformers; auto is bfloat16 on a GPU and float32 on a CPU, where bfloat16 takes "
        "half the memory and, on most, much longer.",
        choices=("auto", "float32", "bfloat16"),
    )
    attention: str = setting(
        "sdpa",
        "Attention of models by transformers: torch's own, or flash_attention_2 where that package is installed.",
        choices=("sdpa", "flash_attention_2", "eager"),
    )
