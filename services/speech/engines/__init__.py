"""The engines of this family by name: where each is, without importing it."""

ENGINES = {
    "faster-whisper": "services.speech.engines.faster_whisper:FasterWhisper",
    "openai-whisper": "services.speech.engines.openai_whisper:OpenAIWhisper",
}
