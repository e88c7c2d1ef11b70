"""MusiCNN, with the weights of the musicnn package: 50 tags, from a network converted to ONNX when it is pulled."""

from __future__ import annotations

from services.essentia.engines.discogs_onnx import OnnxTagger


class MusicnnTagger(OnnxTagger):
    """MusiCNN has the front end and the shape of Discogs-EffNet, tags and embeddings from patches, so it runs alike.

    Its patches have 187 frames (2.99 s), 93 frames apart, which its metadata and its graph say.
    """
