"""Spleeter's published checkpoints, read without torch."""
