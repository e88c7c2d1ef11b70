"""Telling isolated damage, which is worth a warning, from a file that is not worth decoding."""

from __future__ import annotations

from av.audio.frame import AudioFrame

from chassis.audio.container import undecodable
from chassis.reports import WarningReport

MAX_BAD_SHARE = 0.1
"""Share of packets, and at least one packet, that may be damaged before the whole counts as undecodable."""
EARLY_VERDICT_PACKETS = 1000
"""A file that is all damage is given up after so many packets and not decoded to its end."""


class Damage:
    """Counts of one pass."""

    def __init__(self) -> None:
        self.packets = 0
        self.bad = 0
        self._bad_at_end = 0
        self._longest = 0
        self._lost_frames = 0

    def count_packet(self) -> None:
        """Counts a packet given to the decoder."""
        self.packets += 1

    def count_bad(self) -> None:
        """Counts a packet that the decoder, or the demuxer, refused."""
        self.bad += 1
        self._bad_at_end += 1
        if self.packets % EARLY_VERDICT_PACKETS == 0:
            self._judge()

    def count_frame(self, frame: AudioFrame) -> bool:
        """Counts a decoded frame; tells whether something in front of it was damaged."""
        follows_bad, self._bad_at_end = self._bad_at_end > 0, 0
        self._longest = max(self._longest, frame.samples)
        return follows_bad

    def count_lost(self, frames: int, *, counted: bool) -> None:
        """Counts samples that the time stamps say were lost; ``counted``: what was lost was itself counted as bad."""
        self._lost_frames += frames
        self.bad += not counted

    def conclude(
        self, sample_rate: int, frames: int, promised: int | None, slack: int, unfinished: str
    ) -> list[WarningReport]:
        """Gives the warnings about a pass that came to its end.

        Args:
            sample_rate: Of the source (Hz).
            frames: How far it came, in samples; silence in the place of what was lost included.
            promised: Frames that the header promises; None where it promises none.
            slack: Frames that may be missing without meaning anything.
            unfinished: What else shows that the file was cut off; empty where nothing does.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE.
        """
        self._judge()
        found = []
        at_end = self._bad_at_end
        # What damage in the middle took is not missing from the end.
        excused = (self.bad - at_end) * self._longest + slack
        whole = promised is not None and frames + excused >= promised
        if promised is not None and not whole:
            unfinished = f"the header promises {promised / sample_rate:.3f} s, {frames / sample_rate:.3f} s decoded"
        elif at_end and not whole and not unfinished:
            unfinished = f"nothing decodes from packet {self.packets - at_end + 1} of {self.packets} on"
        if unfinished:
            found.append(WarningReport("AUDIO_TRUNCATED", f"part of the audio is missing: {unfinished}"))
        if corrupt := self.bad - at_end:
            message = f"{corrupt} damaged places among {self.packets} packets were left out"
            if self._lost_frames:
                message += f", at least {self._lost_frames / sample_rate:.3f} s by the time stamps"
            found.append(WarningReport("AUDIO_CORRUPT_PACKETS", message))
        return found

    def _judge(self) -> None:
        if self.bad > max(1.0, MAX_BAD_SHARE * self.packets):
            why = f"{self.bad} damaged places among {self.packets} packets"
            raise undecodable(why, damaged=self.bad, packets=self.packets)
