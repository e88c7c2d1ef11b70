"""The order in which madmom's networks name keys and chords, and the one in which this service does."""

from __future__ import annotations

import numpy as np

NONE = 24
"""The class of no chord."""
# madmom counts from A up; C is the fourth.
_FROM_A_TO_C = 3
FROM_C = np.concatenate([(np.arange(12) + _FROM_A_TO_C) % 12 + scale for scale in (0, 12)] + [np.array([NONE])])
"""Where madmom has what stands here: twelve majors from C up, twelve minors, none."""
