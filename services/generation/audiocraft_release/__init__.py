"""Checkpoints as audiocraft releases them, and what becomes of each file when a model is pulled."""
