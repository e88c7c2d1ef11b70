"""Puts stretches of speech together by how alike their voices are.

First, by agglomerative clustering with average linkage on the cosine distance of embeddings, into groups that hold one
voice each, of which there may be several for one speaker. Then groups become one whose members are nearly as alike
across as within: the mean similarity across over the geometric mean of those within says so, whatever the noise of a
recording takes off all of them. Stretches around a change of speakers are like neither, and take no part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from services.speech.speakers.stretches import SECONDS, Stretches

ONE_VOICE = 0.32
"""Mean cosine distance up to which groups are made in the first step: below that between two voices."""
ALIKE = 0.87
"""Ratio of similarities from which on two groups are one speaker; bench/speech_speakers.py prints what it gives."""
STEADY = 0.65
"""Similarity of what comes before and after a stretch from which on it holds no change of speakers."""
LEAST_MEMBERS, LEAST_SHARE = 4, 0.03
"""A speaker has at least so many of the stretches, by number and by share, where not all of them are so few."""
MOST_CLUSTERED = 2500
"""Stretches that are clustered, 25 MB of distances; of more, so many evenly spread."""
_TYPICAL = 0.78
"""Similarity of two stretches of one voice, for a group of one; the mean over recorded ones."""

_LEAST_WITHIN = 1e-3

Floats = NDArray[np.float32]
Group = NDArray[np.intp]


def voices(stretches: Stretches, count: int | None = None) -> Floats:
    """Gives the direction of each speaker's voice, (speakers, width), the one with most to say first.

    Args:
        stretches: Of a recording, at least one.
        count: Speakers, where they are known; fewer are given where there are not so many voices.
    """
    chosen = stretches.embeddings[steady(stretches)]
    if len(chosen) < LEAST_MEMBERS:
        chosen = stretches.embeddings
    if len(chosen) > MOST_CLUSTERED:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_CLUSTERED).astype(int)]
    if len(chosen) == 1:
        return chosen
    groups = _joined(chosen, _of_one_voice(chosen), count)
    groups.sort(key=len, reverse=True)
    if count is None:
        least = min(max(LEAST_MEMBERS, LEAST_SHARE * len(chosen)), len(groups[0]))
        groups = [group for group in groups if len(group) >= least]
    means = np.stack([chosen[group].mean(0) for group in groups])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def steady(stretches: Stretches) -> NDArray[np.bool_]:
    """Tells of each stretch whether what begins before it and what ends after it, half a stretch off, is one voice."""
    middles = stretches.spans.mean(1)
    found = np.ones(len(middles), bool)
    first = np.searchsorted(middles, middles - 0.53 * SECONDS)
    last = np.minimum(np.searchsorted(middles, middles + 0.47 * SECONDS), len(middles) - 1)
    for at, (before, after) in enumerate(zip(first, last, strict=True)):
        # Across a pause the two say nothing about what is between them.
        if before < at < after and stretches.spans[after, 0] - stretches.spans[before, 1] < 0.2 * SECONDS:
            found[at] = stretches.embeddings[before] @ stretches.embeddings[after] >= STEADY
    return found


def _of_one_voice(embeddings: Floats) -> list[Group]:
    """The groups of the first step that are large enough to be told apart from accidents."""
    tree = linkage(embeddings.astype(np.float64), "average", metric="cosine")
    numbers = fcluster(tree, ONE_VOICE, "distance")
    groups = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    least = min(LEAST_MEMBERS, max(map(len, groups)))
    return [group for group in groups if len(group) >= least]


def _joined(embeddings: Floats, groups: list[Group], count: int | None) -> list[Group]:
    """Joins the groups that are most alike, one pair after the other, as long as that is one speaker."""
    # The sum of all similarities between two groups is the product of the sums of their members.
    totals = np.stack([embeddings[group].sum(0, dtype=np.float64) for group in groups])
    while len(groups) > (1 if count is None else count):
        sizes = np.array([len(group) for group in groups], float)
        sums = totals @ totals.T
        # Each member is as long as 1, and is no other of its group.
        inside = (np.diag(sums) - sizes) / np.maximum(sizes * (sizes - 1), 1)
        within = np.where(sizes < 2, _TYPICAL, np.maximum(inside, _LEAST_WITHIN))
        ratios = sums / np.outer(sizes, sizes) / np.sqrt(np.outer(within, within))
        np.fill_diagonal(ratios, -1)
        one, other = sorted(divmod(int(ratios.argmax()), len(groups)))
        if count is None and ratios[one, other] < ALIKE:
            break
        groups[one] = np.concatenate([groups[one], groups.pop(other)])
        totals[one] += totals[other]
        totals = np.delete(totals, other, 0)
    return groups
