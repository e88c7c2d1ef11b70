"""Speech recognition of audio that is still being spoken: words as soon as they are sure, and never taken back."""

LIVE_ENGINES = {"faster-whisper": "services.speech.live.whisper:LiveWhisper"}
"""The engines that can listen live, by name: where each is, without importing it."""
