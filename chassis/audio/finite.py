"""Looks whether a model has given samples: damaged weights, or those of another network, often give none."""

from __future__ import annotations

import numpy as np

from antiphon_wire.errors import not_ready


def check_finite(samples: np.ndarray, what: str) -> None:
    """Refuses what holds NaN or an infinity, which no encoding can say.

    Args:
        samples: Of any shape, as a model gave them.
        what: What they are, for the message, such as ``the stem vocals``.

    Raises:
        AntiphonError: FAILED_PRECONDITION, ``MODEL_NOT_FINITE``.
    """
    if not np.isfinite(samples).all():
        raise not_ready(
            "MODEL_NOT_FINITE",
            f"the model gave NaN or an infinity for {what}; verify its files with: antiphon models verify",
            what=what,
        )
