"""The guard of headers, for files and for live streams: it ends, and says AUDIO_TOO_COMPLEX or nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

from antiphon_wire.errors import AntiphonError
from chassis.audio import headers
from chassis.audio.guard import LiveGuard, guard_file
from chassis.audio.wave import WaveCutter, open_wave
from fuzz.recordings import recordings
from fuzz.target import FindingError, Target

WORDS = (
    *(b"RIFF", b"LIST", b"data", b"fmt ", b"RF64", b"FORM", b"COMM", b"ID3\x04\x00\x00", b"fLaC", b"OggS", b"OpusHead"),
    *(b"caff", b"pakt", b"kuki", b"wvpk", b"TTA1", b"MAC ", b"DSD ", b"APETAGEX", b"riff", b"\x47\x40\x11\x10"),
    *(b"ftyp", b"moov", b"trak", b"stsz", b"stts", b"ctts", b"moof", b"trun", b"cmov", b"\x1a\x45\xdf\xa3"),
)
"""Names that containers are made of."""


def _accepts(data: bytes) -> bool:
    cut = len(data) // 3
    whole = _passes(lambda: guard_file(io.BytesIO(data), _nothing))
    parts = _passes(lambda: _live((data[:cut], data[cut:])))
    open_wave(io.BytesIO(data))
    WaveCutter().feed(data)
    headers.mp3_counts_frames(io.BytesIO(data))
    headers.ogg_is_finished(io.BytesIO(data))
    return whole and parts


def _passes(walk: Callable[[], object]) -> bool:
    try:
        walk()
    except AntiphonError as error:
        if (error.code, error.reason) != ("INVALID_ARGUMENT", "AUDIO_TOO_COMPLEX"):
            raise FindingError(f"a refusal is {error.code} {error.reason}") from error
        return False
    return True


def _live(parts: Iterable[bytes]) -> None:
    guard = LiveGuard()
    for part in parts:
        guard.feed(part)


def _nothing() -> None:
    pass


TARGET = Target("headers", recordings, _accepts, WORDS)
