"""``antiphon describe``: prompts about a recording in, prose out."""
