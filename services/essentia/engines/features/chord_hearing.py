"""Asks the network of chords about a window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chassis.reports import WarningReport
from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features.pitch_classes import HOP
from services.essentia.engines.features.sheet import Sheet

FIELD = "tonal.chord_source"


def hear(sheet: Sheet, frame_count: int) -> NDArray[np.float64] | None:
    """Gives the probabilities of 24 triads and none, (frames, 25), for frames of pitch_classes.walk.

    None where nobody chose the network, or it is damaged, which is warned of: the chords then are those of the
    templates alone. Music that is tuned far from 440 Hz is heard as if it were played at the speed at which it is in
    tune.
    """
    if sheet.networks is None:
        return None
    network = sheet.networks.chords(FIELD)
    if isinstance(network, WarningReport):
        sheet.warnings.append(network)
    if network is None or isinstance(network, WarningReport):
        return None
    # Imported with ONNX Runtime, and so only where there is a network.
    from services.essentia.networks.chords import FRAMES_PER_SECOND

    speed = 2 ** (-sheet.tuned_cents / 1200)
    listener = network.listen(round(SAMPLE_RATE * speed))
    listener.add(sheet.clip.evened())
    potentials = network.potentials(listener.finish(), sheet.checkpoint).astype(np.float64)
    if not len(potentials):
        return None
    weights = np.exp(potentials - potentials.max(1, keepdims=True))
    chances = weights / weights.sum(1, keepdims=True)
    seconds = np.arange(frame_count) * HOP / SAMPLE_RATE
    nearest = np.round(seconds / speed * FRAMES_PER_SECOND).astype(int)
    return np.asarray(chances[np.clip(nearest, 0, len(chances) - 1)])
