"""MusiCNN, with the weights of the musicnn package: 50 tags, from a network converted to ONNX when it is pulled."""

from __future__ import annotations

from services.essentia.tags.onnx_tagger import OnnxTagger


class MusicnnTagger(OnnxTagger):
    """Runs MusiCNN, which has the front end and the shape of Discogs-EffNet: tags and embeddings from patches.

    Its patches have 187 frames (2.99 s), as its graph says.
    """

    # Half a patch, as its metadata says and as Essentia's TensorflowPredictMusiCNN moves on.
    usual_patch_hop = 93
