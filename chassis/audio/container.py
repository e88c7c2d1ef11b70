"""Opening an uploaded file with libav so that it reads nothing but that file, and only as one of our containers."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import av
import av.error
from av.container import InputContainer

from antiphon_wire.errors import AntiphonError, invalid
from chassis.audio.magic import LOOK_BYTES, kind_of
from chassis.audio.opened import Readable

CONTAINERS = (
    *("mp3", "wav", "flac", "mov", "aac", "ogg", "aiff", "matroska"),
    *("caf", "au", "ac3", "eac3", "asf", "mpegts", "loas", "tta", "wv", "ape", "dsf", "amr"),
)
"""FFmpeg's demuxers: mov is also m4a and mp4, matroska also webm, mp3 also mp2, asf wma; a Wave64 file is shown as a
WAV. None of them opens another file: no playlists."""

PCM_CODECS = tuple(
    f"pcm_{name}"
    for name in (
        *("u8", "s8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "s64le", "s64be"),
        *("f32le", "f32be", "f64le", "f64be", "alaw", "mulaw"),
    )
)
CODECS = (
    *("mp3float", "mp3", "mp2float", "mp2", "mp1float", "mp1", "aac", "alac", "flac", "vorbis", "opus", "libopus"),
    *("aac_latm", "ac3", "eac3", "wmav1", "wmav2", "wmapro", "wmalossless", "tta", "wavpack", "ape", "amrnb", "amrwb"),
    *("dsd_lsbf", "dsd_msbf", "dsd_lsbf_planar", "dsd_msbf_planar"),
    *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"),
    *PCM_CODECS,
)
"""FFmpeg's decoders that may run on an upload; the others are attack surface without use."""

OPTIONS = {
    "format_whitelist": ",".join(CONTAINERS),
    "codec_whitelist": ",".join(CODECS),
    # No protocol at all: the one file is handed over open.
    "protocol_whitelist": "",
}
READ_BYTES = 65536
READABLE = (
    "mp3, wav, flac, m4a/aac, ogg/vorbis, opus, aiff, webm/mka, caf, w64, au, ac3, wma, amr, ts, wv, ape, tta or dsf"
)


class GuardedFile:
    """The file as libav sees it: no name to guess from, and at its end as soon as ``check`` raises.

    PyAV spins for ever on a BaseException from ``read`` (it catches Exception only, and libav then sees a read of
    nothing), so what ``check`` raises is kept in ``stopped`` and raised by :meth:`rethrow` instead.
    """

    def __init__(self, file: BinaryIO, check: Callable[[], None]) -> None:
        self._file = file
        self._check = check
        self.stopped: BaseException | None = None

    def read(self, size: int) -> bytes:
        """Reads at most ``size`` bytes."""
        if self.stopped is None:
            try:
                self._check()
                return self._file.read(size)
            except BaseException as error:
                self.stopped = error
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves to ``offset``; a negative number, libav's word for an error, where a file sends it nowhere."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL

    def tell(self) -> int:
        """Tells the position."""
        return self._file.tell()

    def rethrow(self) -> None:
        """Raises what stopped the reading, if anything did."""
        if self.stopped is not None:
            raise self.stopped


def not_a_container(error: av.error.FFmpegError, start: bytes) -> AntiphonError:
    """The error for what libav does not open, which names what it is where that can be told.

    Args:
        error: What libav says.
        start: The first bytes.
    """
    if (kind := kind_of(start)) is None:
        return undecodable(error.strerror or type(error).__name__)
    return undecodable(f"this is {kind}", found=kind)


def undecodable(why: str, **metadata: Any) -> AntiphonError:
    """The error for bytes that are not audio we can read."""
    return invalid("AUDIO_UNDECODABLE", f"the audio cannot be decoded: {why}; send {READABLE}", **metadata)


def raise_if_out_of_memory(error: av.error.FFmpegError) -> None:
    """Raises MemoryError where libav could not allocate, which is no damage of the file."""
    if error.errno == errno.ENOMEM:
        raise MemoryError(f"libav: {error.strerror}") from error


@contextmanager
def translate(guarded: GuardedFile) -> Iterator[None]:
    """Turns what libav raises into AUDIO_UNDECODABLE, and what stopped the reading into itself."""
    try:
        yield
    except av.error.FFmpegError as error:
        guarded.rethrow()
        raise_if_out_of_memory(error)
        raise undecodable(error.strerror or type(error).__name__) from error
    guarded.rethrow()


def open_container(guarded: GuardedFile) -> InputContainer:
    """Finds the container from the bytes and opens it.

    Raises:
        AntiphonError: AUDIO_UNDECODABLE.
    """
    try:
        # Tags in any old encoding must not fail the file: PyAV decodes them strictly unless told not to.
        opened: InputContainer = av.open(
            cast(Any, guarded),
            "r",
            container_options=OPTIONS,
            metadata_errors="replace",
            buffer_size=READ_BYTES,
        )
    except av.error.FFmpegError as error:
        guarded.rethrow()
        raise_if_out_of_memory(error)
        guarded.seek(0)
        raise not_a_container(error, guarded.read(LOOK_BYTES)) from error
    guarded.rethrow()
    return opened


def spooled(path: Readable) -> BinaryIO:
    """Opens an upload's file.

    Raises:
        AntiphonError: AUDIO_EMPTY.
    """
    if path.stat().st_size == 0:
        raise invalid("AUDIO_EMPTY", "no bytes of audio were sent")
    return path.open("rb")
