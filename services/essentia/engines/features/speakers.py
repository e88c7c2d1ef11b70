"""How much each loudspeaker counts for the loudness: by where it stands, as BS.1770-5 has it."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.audio.layouts import USUAL
from chassis.reports import WarningReport

# What comes from the side, 60 to 120 degrees off the front and not from above or below, is louder by 1.5 dB (annex 3).
AT_THE_SIDE = 1.41
SIDES = frozenset({"SL", "SR", "SDL", "SDR", "SSL", "SSR", "WL", "WR"})
# Where nothing else is at the sides these are the surrounds of 4.0 and 5.1, at 100 to 120 degrees; beside others they
# stand at 135, and count once.
BACKS = frozenset({"BL", "BR"})
PAIR_AT_THE_SIDE = frozenset({"SL", "SR"})
LOW_FREQUENCY = frozenset({"LFE", "LFE2"})


def weights(layout: Sequence[str]) -> tuple[float, ...]:
    """Gives for each loudspeaker, by FFmpeg's names, the factor of its power: 1, 1.41, or 0 for low frequencies.

    A single channel is heard whatever it is called.
    """
    if len(layout) == 1:
        return (1.0,)
    sides = SIDES if PAIR_AT_THE_SIDE & set(layout) else SIDES | BACKS
    return tuple(0.0 if name in LOW_FREQUENCY else AT_THE_SIDE if name in sides else 1.0 for name in layout)


def assumed(layout: Sequence[str] | None, channels: int) -> tuple[tuple[float, ...], tuple[WarningReport, ...]]:
    """Gives the weights of so many channels; where no layout is known those of the usual one, and a warning of that."""
    if layout is not None and len(layout) == channels:
        return weights(layout), ()
    usual = USUAL.get(channels, ("",) * channels)
    if channels <= 2:
        return weights(usual), ()
    named = f"the usual ones are assumed: {', '.join(usual)}" if channels in USUAL else "all count alike"
    message = f"nothing says for which loudspeakers the {channels} channels are; for their loudness {named}"
    return weights(usual), (WarningReport("AUDIO_LAYOUT_ASSUMED", message, "loudness.integrated_lufs"),)
