"""OpenAI's own Whisper in torch: the reference, and the way to GPUs that CTranslate2 has no build for."""

from services.speech.engines.openai_whisper.model import OpenAIWhisper

__all__ = ["OpenAIWhisper"]
