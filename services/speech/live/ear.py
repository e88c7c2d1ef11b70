"""The voice detector's ear on a stream: an offset is taken off, and a stream that is very quiet is raised."""

from __future__ import annotations

from collections import deque

import numpy as np

from services.speech.live.activity import FRAME
from services.speech.live.model import Detector
from services.speech.recording.level import SILENCE, SUSTAINED_STEPS, gain

OFFSET_SHARE = 0.15
"""Weight of a frame's mean in the offset, which follows within a fifth of a second."""
DECAY = 10 ** (-0.6 * FRAME / 16_000 / 20)
"""What a level keeps from frame to frame: it loses 0.6 dB a second, so that half a minute of pause raises nothing."""


class Ear:
    """Hands frames to a detector as :func:`services.speech.recording.level.audible` would, of what came so far."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._offset: float | None = None
        self._level = SILENCE
        self._peaks: deque[float] = deque(maxlen=SUSTAINED_STEPS)

    def probability(self, frame: np.ndarray) -> float:
        """Gives the probability of speech in the next FRAME samples, float32."""
        mean = float(frame.mean())
        before = mean if self._offset is None else self._offset
        self._offset = before + OFFSET_SHARE * (mean - before)
        centred = frame - np.linspace(before, self._offset, len(frame), dtype=np.float32)
        peak = float(np.abs(centred).max())
        self._peaks.append(peak)
        self._level = max(self._level * DECAY, float(np.median(self._peaks)), SILENCE)
        # A frame that is louder than what came before is not raised beyond what is loud.
        return self._detector.probability(centred * np.float32(gain(max(self._level, peak))))
