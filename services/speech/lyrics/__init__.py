"""Lyrics that are known, found in the audio: by what recognition hears of them, and by cross-attention between."""

from services.speech.lyrics.aligner import LyricsAligner, Placer

__all__ = ["LyricsAligner", "Placer"]
