"""Holds the numbers of one group: what is not finite or not known never gets in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


class Values(dict[str, object]):
    """Values by field name; see GroupFeatures for the types."""

    def put(self, name: str, value: float | None) -> None:
        """Stores a finite number as a float; leaves the name absent otherwise."""
        if value is not None and math.isfinite(value):
            self[name] = float(value)

    def put_stats(self, name: str, values: ArrayLike) -> None:
        """Stores mean and population standard deviation of the finite values as NAME_mean and NAME_std.

        No value leaves both absent, a single one leaves the deviation absent.
        """
        array = np.asarray(values, np.float64).ravel()
        array = array[np.isfinite(array)]
        if array.size:
            self.put(f"{name}_mean", array.mean())
        if array.size > 1:
            self.put(f"{name}_std", array.std())

    def put_array(self, name: str, values: ArrayLike) -> None:
        """Stores finite numbers as a tuple; leaves the name absent where there is none or one is not finite."""
        array = np.asarray(values, np.float64).ravel()
        if array.size and np.isfinite(array).all():
            self[name] = tuple(float(value) for value in array)


def decibels(ratio: float) -> float | None:
    """Gives 20 log10 of an amplitude ratio; None for 0, which has no level."""
    return 20 * math.log10(ratio) if ratio > 0 else None


def entropy_bits(weights: ArrayLike) -> float | None:
    """Gives the Shannon entropy of weights that need not sum to 1, in bits; None where they sum to 0."""
    array = np.asarray(weights, np.float64)
    total = array.sum()
    if not total > 0:
        return None
    shares = array[array > 0] / total
    # A single share has -0.0.
    return max(0.0, float(-(shares * np.log2(shares)).sum()))
