"""From scores of patches to the tags that a caller asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chassis.reports import ModelReport, WarningReport
from services.essentia.contract import Activations, Matrix, Tagger, TagRequest, TagScore, TagSet

MATRIX_BYTES = 24 << 20
"""Largest tensor in an answer; two of them fit the 64 MiB that clients take in one message."""


def select(
    found: Activations, request: TagRequest, model: ModelReport, engine: str, tagger: Tagger
) -> Iterator[TagSet | WarningReport]:
    """Yields warnings and the TagSet: labels by the mean of their scores over the patches, the best first."""
    # In double, as float32 sums over an hour of patches lose digits; a stable order, so that ties come as the labels
    # do.
    means = found.scores.mean(axis=0, dtype=np.float64)
    order = np.argsort(-means, kind="stable")
    if not request.all_scores:
        order = order[means[order] >= request.threshold][: request.top_k]
    tensors: dict[str, Matrix | None] = {"embeddings": None, "patch_scores": None}
    wanted = {"embeddings": found.embeddings, "patch_scores": found.scores if request.patch_scores else None}
    for name, array in wanted.items():
        # A message beyond the limit would not arrive at all, and with it the tags.
        if array is not None and array.nbytes > MATRIX_BYTES:
            yield WarningReport(
                "TENSOR_TOO_LARGE",
                f"{name} of {found.model} have {array.nbytes} bytes; at most {MATRIX_BYTES} are sent: choose a part",
                f"tag_sets.{name}",
            )
        elif array is not None:
            tensors[name] = Matrix(array.shape, np.ascontiguousarray(array, "<f4").tobytes())
    if found.stand_in:
        message = f"{found.model} has made-up weights: its tags say nothing about the music"
        yield WarningReport("STAND_IN_MODEL", message, "tag_sets.stand_in")
    yield TagSet(
        model=model,
        engine=engine,
        device=tagger.device,
        precision=tagger.precision,
        library_versions=dict(tagger.library_versions),
        tags=tuple(TagScore(found.labels[index], float(means[index])) for index in order),
        label_count=len(found.labels),
        patch_count=len(found.scores),
        patch_seconds=found.patch_seconds,
        hop_seconds=found.hop_seconds,
        embeddings=tensors["embeddings"],
        patch_scores=tensors["patch_scores"],
        labels=found.labels if tensors["patch_scores"] is not None else (),
        stand_in=found.stand_in,
    )
