"""Which loudspeaker each channel is for."""

from __future__ import annotations

from av.audio.frame import AudioFrame

from chassis.reports import WarningReport

USUAL = {
    1: ("FC",),
    2: ("FL", "FR"),
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BL", "BR", "BC"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
"""The order that WAV files have where they name more than they must."""
_UNNAMED = "NONE"


def names_of(frame: AudioFrame) -> tuple[str, ...] | None:
    """The loudspeakers by FFmpeg's names, such as ``("FL", "FR")``; None where the file names not all of them."""
    names = tuple(channel.name for channel in frame.layout.channels)
    return names if len(names) == frame.layout.nb_channels and _UNNAMED not in names else None


def layout_of(frame: AudioFrame) -> tuple[tuple[str, ...] | None, tuple[WarningReport, ...]]:
    """The loudspeakers of a frame, the usual ones where the file does not name them.

    Returns:
        The names, None where there are no usual ones for so many; AUDIO_LAYOUT_ASSUMED where it is no mono or stereo.
    """
    count = frame.layout.nb_channels
    names = names_of(frame)
    if names is not None or count not in USUAL:
        return names, ()
    usual = USUAL[count]
    if count <= 2:
        return usual, ()
    message = (
        f"the file has {count} channels and does not say for which loudspeakers; the usual ones are assumed, in this "
        f"order: {', '.join(usual)}"
    )
    return usual, (WarningReport("AUDIO_LAYOUT_ASSUMED", message, "source.channel_count"),)
