"""``antiphon transcribe``: recordings or a microphone in, text out."""
