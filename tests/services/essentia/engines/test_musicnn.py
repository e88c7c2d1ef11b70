"""The published weights, converted, give what the published TensorFlow graph gave."""

from __future__ import annotations

import numpy as np
import pytest

from chassis.models import Store
from services.essentia.contract import Activations
from services.essentia.engines.musicnn import MusicnnTagger
from tests.services.essentia.conftest import MANIFEST
from tests.services.essentia.tag_signals import blocks, chord

# The checkpoint's own graph, frozen by TensorFlow 2.21 and run by TensorflowPredictMusiCNN of Essentia 2.1b6.dev1389
# over chord(8): the five best tags by their mean, and the embedding of the first patch (model/dense/BiasAdd).
KNOWN = {
    "musicnn-msd": (
        {"electronic": 0.4573, "ambient": 0.27309, "chillout": 0.17623, "electronica": 0.15217, "indie": 0.13794},
        [-3.1923366, -4.477562, -2.8865135, -5.466953],
    ),
    "musicnn-mtt": (
        {"slow": 0.29965, "quiet": 0.24345, "soft": 0.16876, "ambient": 0.16276, "electronic": 0.1194},
        [0.68323547, -0.21267843, -0.32847047, -4.379489],
    ),
}


@pytest.mark.weights
@pytest.mark.parametrize("name", KNOWN)
def test_tags_and_embeddings_are_those_of_the_published_graph(name: str) -> None:
    store = Store(None, MANIFEST)
    if not store.installed(name):
        pytest.skip(f"{name} is not installed: antiphon models pull {name}")
    events = MusicnnTagger("cpu", 1).tag(lambda: blocks(chord(8)), [store.require(name)], True)
    (found,) = [event for event in events if isinstance(event, Activations)]
    means = found.scores.mean(axis=0)
    best = [found.labels[index] for index in np.argsort(-means)[:5]]
    tags, embedding = KNOWN[name]
    assert best == list(tags)
    # The front ends differ by a few ten-thousandths, sums of float32 by less.
    assert [float(means[found.labels.index(label)]) for label in best] == pytest.approx(list(tags.values()), abs=1e-3)
    assert found.embeddings is not None
    assert found.embeddings[0, :4] == pytest.approx(embedding, abs=1e-2)
    assert found.scores.shape == (4, 50)
