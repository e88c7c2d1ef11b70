"""The header that is shown to libav in place of the one in the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from chassis.audio.wave.header import Wave

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WIDTHS = {PCM: (1, 2, 3, 4, 8), FLOAT: (4, 8), ALAW: (1,), MULAW: (1,)}
"""Bytes that a sample of each kind may take."""
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_LARGEST = 0xFFFFFFF0


@dataclass(frozen=True)
class Shown:
    """What libav is shown.

    Attributes:
        header: Up to the first sample.
        frame_bytes: Bytes of a sample of all channels; 1 where it is coded sound.
        swap: Bytes of a number whose order has to be turned round; 1 for none. libav reads the header of a RIFX file
            as it should be, and its samples in the wrong order.
    """

    header: bytes
    frame_bytes: int = 1
    swap: int = 1


def canonical(wave: Wave, data_bytes: int | None) -> Shown:
    """Gives the header of a WAV file with these samples.

    Samples that are stored one by one are named by the bytes that each takes. How many of its bits are valid does not
    matter: they are the highest ones, so that its full scale is that of its bytes.

    Args:
        wave: What stands in the file.
        data_bytes: Size of the samples; None where it is not known.
    """
    order = ">" if wave.big_endian else "<"
    form = wave.form
    tag, channels, rate, _, align, bits = struct.unpack_from(order + "HHIIHH", form)
    mask = 0
    if tag == EXTENSIBLE and len(form) >= 26:
        # Only the beginning of the sub-format is looked at: the rest differs between worlds (ambisonics).
        mask, tag = struct.unpack_from(order + "IH", form, 20)
    width = _width(tag, channels, align, bits)
    if not width:
        fact = _chunk(order, b"fact", wave.fact) if wave.fact else b""
        return Shown(_file(order, _chunk(order, b"fmt ", form) + fact, data_bytes))
    form = _form(tag, channels, rate, width, _without_spare(mask, channels))
    return Shown(_file("<", _chunk("<", b"fmt ", form), data_bytes), channels * width, width if order == ">" else 1)


def _file(order: str, chunks: bytes, data_bytes: int | None) -> bytes:
    # A size of 0 means up to the end of the file.
    size = 0 if data_bytes is None or data_bytes > _LARGEST - len(chunks) else data_bytes
    chunks = b"WAVE" + chunks + b"data" + struct.pack(order + "I", size)
    return (b"RIFX" if order == ">" else b"RIFF") + struct.pack(order + "I", len(chunks) + size) + chunks


def _form(tag: int, channels: int, rate: int, width: int, mask: int) -> bytes:
    frame = channels * width
    head = (EXTENSIBLE if mask else tag, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, width * 8)
    plain = struct.pack("<HHIIHH", *head)
    return plain + struct.pack("<HHIH", 22, width * 8, mask, tag) + _SUBFORMAT_TAIL if mask else plain


def _width(tag: int, channels: int, align: int, bits: int) -> int:
    """Bytes of a sample; 0 where it is not stored one by one, or the header contradicts itself."""
    width = (bits + 7) // 8
    if not channels:
        return 0
    if align % channels == 0 and align // channels >= width:
        width = align // channels
    return width if width in _WIDTHS.get(tag, ()) else 0


def _without_spare(mask: int, channels: int) -> int:
    """The loudspeakers of the channels; 0 where they are not told: those beyond the channels have none."""
    places = [place for place in range(32) if mask >> place & 1][:channels]
    return sum(1 << place for place in places) if len(places) == channels else 0


def _chunk(order: str, name: bytes, body: bytes) -> bytes:
    return name + struct.pack(order + "I", len(body)) + body + bytes(len(body) % 2)
