"""Discogs-EffNet (Alonso-Jiménez, Serra and Bogdanov 2022) and the heads on its embeddings, in ONNX Runtime."""

from __future__ import annotations

from services.essentia.tags.onnx_tagger import OnnxTagger


class DiscogsTagger(OnnxTagger):
    """Runs Discogs-EffNet on patches of 128 frames, and any heads on what it gives for them."""

    # It was trained on patches 62 frames (0.992 s) apart; its metadata does not say so.
    usual_patch_hop = 62
