"""The containers of a file: one, or for Ogg files that were joined end to end one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, cast

from antiphon_wire.errors import AntiphonError
from chassis.audio.chain import links
from chassis.audio.container import GuardedFile, open_container
from chassis.audio.part import PartOfFile
from chassis.audio.timeline.pages import Pages
from chassis.audio.tracks import pick_track

_UNREADABLE = ("AUDIO_UNDECODABLE", "AUDIO_NO_AUDIO_STREAM")


class Chained:
    """The container that is open.

    Args:
        file: The file, as libav is to see it.
        check: Called at every read; raises to stop.
        track: Which audio track, from 0; None for the default one.

    Attributes:
        container: libav's container.
        guarded: The file as libav reads it.
        picked: The track of it that is read.
        pages: Its pages, of an Ogg file; None for others.
        index: Its place among those that were joined, from 0.
        share: How much longer the whole is than the first, by their bytes.

    Raises:
        AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM, AUDIO_TRACK.
    """

    def __init__(self, file: BinaryIO, check: Callable[[], None], track: int | None) -> None:
        self._file = file
        self._check = check
        self._links = links(file)
        self.index = 0
        start, end = self._links[0]
        self.share = self._links[-1][1] / max(1, end - start)
        file.seek(0)
        self._open(track)

    def advance(self) -> bool:
        """Opens the next in place of this one; tells whether there is one.

        Raises:
            AntiphonError: AUDIO_UNDECODABLE, AUDIO_NO_AUDIO_STREAM where it cannot be read; the one behind it may be.
        """
        if self.index + 1 >= len(self._links):
            return False
        self.index += 1
        self.container.close()
        index = self.picked.index
        try:
            self._open(index)
        except AntiphonError as error:
            if error.reason != "AUDIO_TRACK":
                raise
            self._open(None)
        return True

    def _open(self, track: int | None) -> None:
        start, end = self._links[self.index]
        part = self._file if len(self._links) == 1 else cast(BinaryIO, PartOfFile(self._file, start, end - start))
        self.guarded = GuardedFile(part, self._check)
        self.container = open_container(self.guarded)
        try:
            self.picked = pick_track(self.container, track)
        except BaseException:
            self.container.close()
            raise
        self.pages = Pages(part) if self.container.format.name == "ogg" else None


def unreadable(error: AntiphonError) -> bool:
    """Tells whether an error is about the bytes of one file of several, and not about the whole."""
    return error.reason in _UNREADABLE
