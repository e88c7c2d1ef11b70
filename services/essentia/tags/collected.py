"""What a network gave for the patches of a recording, gathered batch by batch."""

from __future__ import annotations

import numpy as np

from antiphon_wire.errors import not_ready
from chassis.models import InstalledModel
from services.essentia.contract import Activations
from services.essentia.tags.card import Card
from services.essentia.tags.patches import Grid


class Collected:
    """Scores of one model, and its embeddings where they are wanted."""

    def __init__(self, model: InstalledModel, card: Card, embeddings: bool) -> None:
        self._model = model
        self._card = card
        self._scores: list[np.ndarray] = []
        self._embeddings: list[np.ndarray] | None = [] if embeddings else None

    def add(self, scores: np.ndarray, embeddings: np.ndarray | None) -> None:
        """Adds a batch: scores (n, labels), embeddings (n, width) where they are wanted.

        Raises:
            AntiphonError: MODEL_METADATA where the network gives another number of scores than it has labels.
        """
        labels = len(self._card.labels)
        if scores.shape[-1] != labels:
            raise not_ready(
                "MODEL_METADATA",
                f"{self._model.name} gives {scores.shape[-1]} scores for {labels} labels",
                model=self._model.name,
            )
        self._scores.append(scores)
        if self._embeddings is not None and embeddings is not None:
            self._embeddings.append(embeddings)

    def finish(self, grid: Grid) -> Activations:
        """Gives all of it; at least one batch must have been added."""
        return Activations(
            model=self._model.name,
            labels=self._card.labels,
            scores=np.concatenate(self._scores),
            embeddings=None if self._embeddings is None else np.concatenate(self._embeddings),
            patch_seconds=grid.seconds,
            hop_seconds=grid.hop_seconds,
            stand_in=self._card.stand_in,
        )
