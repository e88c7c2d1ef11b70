"""WAV and Wave64 files as writers really write them: all give the samples that went in, as files and as streams."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.live import LiveSource
from chassis.audio.tags import read_tags
from tests.fixtures import bombs

RATE = 22050
FRAMES = 2000
TAIL = bytes.fromhex("000000001000800000aa00389b71")
AMBISONIC = bytes.fromhex("00002107d3118644c8c1ca000000")
EXTENSIBLE = 0xFFFE
Spool = Callable[[bytes], Path]


def known(bits: int, channels: int = 1) -> np.ndarray:
    """Integers (frames, channels) of so many bits, full scale at both ends among them."""
    values = np.random.default_rng(bits).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (FRAMES, channels))
    values[0], values[1] = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return values


def packed(values: np.ndarray, width: int) -> bytes:
    """Integers in so many bytes each, the lowest first."""
    flat = values.astype("<i8").reshape(-1, 1).view("u1")[:, :width]
    return flat.tobytes()


def form(tag: int, channels: int, bits: int, width: int) -> bytes:
    frame = channels * width
    return struct.pack("<HHIIHH", tag, channels, RATE, RATE * frame, frame, bits)


def extended(
    sub: int, channels: int, bits: int, valid: int, mask: int = 4, tail: bytes = TAIL, size: int = 22
) -> bytes:
    return form(EXTENSIBLE, channels, bits, bits // 8) + struct.pack("<HHIH", size, valid, mask, sub) + tail


def chunk(name: bytes, body: bytes, size: int | None = None, pad: bool = True) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2 * pad)


def riff(*chunks: bytes, magic: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


VALUES = known(16)
DATA = packed(VALUES, 2)
FORM = chunk(b"fmt ", form(1, 1, 16, 2))
PLAIN = riff(FORM, chunk(b"data", DATA))
ID3 = b"ID3\x04\0\0\0\0\0\x0b" + b"TIT2\0\0\0\1\0\0\x03"
DS64 = struct.pack("<QQQI", 0, len(DATA), FRAMES, 0)
INFO = b"INFOIART" + struct.pack("<I", 3) + b"me\0"

SHELLS = {
    "plain": PLAIN,
    "0xFF behind": PLAIN + b"\xff" * 64,
    "an ID3v1 tag behind": PLAIN + b"TAG" + b"My Song".ljust(125),
    "an APE tag behind": PLAIN + b"APETAGEX" + struct.pack("<IIII", 2000, 40, 1, 0xA0000000) + bytes(24),
    "left-over samples behind": PLAIN + DATA[:4001],
    "a LIST behind that claims 2 GB": PLAIN + chunk(b"LIST", INFO, 2**31),
    "an ID3v2 tag in front": ID3 + PLAIN,
    "two ID3v2 tags in front": ID3 + ID3 + PLAIN,
    "an id3 chunk behind": riff(FORM, chunk(b"data", DATA), chunk(b"id3 ", ID3)),
    "chunks between": riff(FORM, chunk(b"LIST", INFO), chunk(b"bext", bytes(602)), chunk(b"data", DATA)),
    "a LIST of odd length, not padded": riff(FORM, chunk(b"LIST", INFO, pad=False), chunk(b"data", DATA)),
    "an odd chunk in front of the format": riff(chunk(b"JUNK", b"abc"), FORM, chunk(b"data", DATA)),
    "a size of 0": riff(FORM, chunk(b"data", DATA, 0), size=0),
    "a size of 4 GB less one": riff(FORM, chunk(b"data", DATA, 2**32 - 1), size=2**32 - 1),
    "the size that sox writes to a pipe": riff(FORM, chunk(b"data", DATA, 0x7FFFF000), size=0x7FFFF024),
    "a size of the whole that is wrong": riff(FORM, chunk(b"data", DATA), size=7),
    "RF64": riff(chunk(b"ds64", DS64), FORM, chunk(b"data", DATA, 2**32 - 1), magic=b"RF64", size=2**32 - 1),
    "BW64, tags behind": riff(chunk(b"ds64", DS64), FORM, chunk(b"data", DATA, 2**32 - 1), magic=b"BW64") + ID3,
    "an extension of odd length": riff(chunk(b"fmt ", form(1, 1, 16, 2) + b"\1\0\0"), chunk(b"data", DATA)),
    "a rate of bytes that is wrong": riff(
        chunk(b"fmt ", form(1, 1, 16, 2)[:8] + bytes(4) + b"\2\0\x10\0"), chunk(b"data", DATA)
    ),
    "a frame of 0 bytes": riff(chunk(b"fmt ", form(1, 1, 16, 0)), chunk(b"data", DATA)),
    "RIFX": b"RIFX\0\0\0\0WAVEfmt \0\0\0\x10"
    + struct.pack(">HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    + b"data"
    + struct.pack(">I", len(DATA))
    + VALUES.astype(">i2").tobytes(),
}
W64 = {
    name: bytes.fromhex("726966662e91cf11a5d628db04c10000")
    + struct.pack("<Q", 0)
    + bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
    + b"junk" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 29) + b"12345" + bytes(3)
    + b"fmt " + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 40) + form(1, 1, 16, 2)
    + b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", size) + DATA + behind
    for name, size, behind in (("w64", 24 + len(DATA), b""), ("w64, bytes behind", 24 + len(DATA), b"\xff" * 99),
                               ("w64, open", 0, b""))
}  # fmt: skip
SHELLS |= W64


def streamed(data: bytes, piece: int = 777) -> tuple[np.ndarray, tuple[str, ...]]:
    """What a live stream of these bytes gives at its own rate, and its warnings."""
    stream = LiveSource(RATE)
    try:
        parts = [stream.feed(data[start : start + piece]) for start in range(0, len(data), piece)]
        return np.concatenate([*parts, stream.finish()]), tuple(warning.reason for warning in stream.warnings)
    finally:
        stream.close()


@pytest.mark.parametrize("name", SHELLS)
def test_what_stands_around_the_samples_changes_none(name: str, spool: Spool) -> None:
    source = Source(spool(SHELLS[name]))
    np.testing.assert_array_equal(source.read().samples[0], VALUES[:, 0] / np.float32(2**15))
    assert source.warnings == []
    assert source.report.container == ("w64" if "w64" in name else "wav")


@pytest.mark.parametrize("piece", [1, 777, 100_000])
@pytest.mark.parametrize("name", SHELLS)
def test_a_stream_of_it_gives_the_same(name: str, piece: int) -> None:
    samples, warnings = streamed(SHELLS[name], piece)
    np.testing.assert_array_equal(samples, VALUES[:, 0] / np.float32(2**15))
    assert warnings == ()


KINDS = {
    # name: (bits of the samples, bytes of each, format chunk)
    "24 in 32, extensible": (24, 4, extended(1, 1, 32, 24)),
    "20 in 32, extensible": (20, 4, extended(1, 1, 32, 20)),
    "20 in 24, extensible": (20, 3, extended(1, 1, 24, 20)),
    "12 in 16, extensible": (12, 2, extended(1, 1, 16, 12)),
    "24 in 32, plain": (24, 4, form(1, 1, 24, 4)),
    "20 in 24, plain": (20, 3, form(1, 1, 20, 3)),
    "12 in 16, plain": (12, 2, form(1, 1, 12, 2)),
    "24 in 24, extensible": (24, 3, extended(1, 1, 24, 24)),
    "no valid bits told": (16, 2, extended(1, 1, 16, 0)),
    "no mask": (16, 2, extended(1, 1, 16, 16, mask=0)),
    "more loudspeakers than channels": (16, 2, extended(1, 1, 16, 16, mask=0x3F)),
    "an unknown world behind the sub-format": (16, 2, extended(1, 1, 16, 16, tail=AMBISONIC)),
    "an extension said to be empty": (24, 4, extended(1, 1, 32, 24, size=0)),
    "an extension said to be odd": (24, 4, extended(1, 1, 32, 24, size=23)),
}


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_valid_bits_are_the_highest_of_their_bytes(name: str, live: bool, spool: Spool) -> None:
    bits, width, header = KINDS[name]
    values = known(bits)
    data = riff(chunk(b"fmt ", header), chunk(b"data", packed(values << (8 * width - bits), width)))
    found = streamed(data)[0] if live else Source(spool(data)).read().samples[0]
    np.testing.assert_array_equal(found, values[:, 0] / np.float32(2 ** (bits - 1)))


def law(code: int, mu: bool) -> float:
    """G.711's value of a code, full scale 1.0."""
    code ^= 0xFF if mu else 0x55
    power, step = code >> 4 & 7, code & 15
    if mu:
        size = ((step << 3) + 0x84 << power) - 0x84
        return (-size if code & 0x80 else size) / 32768
    size = (step << 4) + 8 if not power else (step << 4) + 0x108 << power - 1
    return (size if code & 0x80 else -size) / 32768


FLOATS = np.linspace(-1.5, 1.5, FRAMES)
CODES = np.arange(256)
OTHERS = {
    # name: (tag, bits, bytes, values)
    "u8": (1, 8, CODES.astype("u1").tobytes(), (CODES - 128) / 128),
    "f32": (3, 32, FLOATS.astype("<f4").tobytes(), FLOATS.astype("f4")),
    "f64": (3, 64, FLOATS.astype("<f8").tobytes(), FLOATS.astype("f4")),
    "A-law": (6, 8, CODES.astype("u1").tobytes(), [law(code, mu=False) for code in CODES]),
    "mu-law": (7, 8, CODES.astype("u1").tobytes(), [law(code, mu=True) for code in CODES]),
    "s64": (1, 64, (known(32) << 32).astype("<i8").tobytes(), known(32)[:, 0].astype("f4") / np.float32(2**31)),
}


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_samples_of_every_kind_keep_their_values(name: str, wide: bool, live: bool, spool: Spool) -> None:
    tag, bits, data, values = OTHERS[name]
    header = extended(tag, 1, bits, bits) if wide else form(tag, 1, bits, bits // 8)
    file = riff(chunk(b"fmt ", header), chunk(b"data", data)) + b"\xff" * 5
    found = streamed(file)[0] if live else Source(spool(file)).read().samples[0]
    np.testing.assert_array_equal(found, np.asarray(values, np.float32))


@pytest.mark.parametrize("codec", ["adpcm_ms", "adpcm_ima_wav"])
def test_coded_samples_end_where_the_header_says(codec, clicks, encode, spool):
    data = encode(clicks(RATE), "wav", codec, RATE)
    whole = Source(spool(data)).read().samples
    behind = Source(spool(data + b"\xff" * 3000))
    np.testing.assert_array_equal(behind.read().samples, whole)
    # 4 bits a sample: steep places are far off, most are near.
    assert np.median(np.abs(whole[:, :RATE] - clicks(RATE))) < 0.01
    np.testing.assert_array_equal(streamed(data + b"\xff" * 3000)[0], whole[0])


def test_a_file_cut_off_within_a_frame_gives_its_whole_frames_and_says_so(spool: Spool) -> None:
    source = Source(spool(PLAIN[:-1001]))
    np.testing.assert_array_equal(source.read().samples[0], VALUES[:-501, 0] / np.float32(2**15))
    assert [warning.reason for warning in source.warnings] == ["AUDIO_TRUNCATED"]


def test_no_samples_before_the_next_chunk_are_none(spool: Spool) -> None:
    with pytest.raises(AntiphonError, match="AUDIO_EMPTY"):
        Source(spool(riff(FORM, chunk(b"data", b""), chunk(b"LIST", INFO)))).read()


def test_a_stream_whose_header_never_ends_is_refused() -> None:
    stream = LiveSource(RATE)
    stream.feed(riff(chunk(b"JUNK", b"", 2**31)))
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX"):
        for _ in range(100):
            stream.feed(bytes(1 << 20))
    stream.close()


@pytest.mark.parametrize(
    ("name", "artist"),
    [("chunks between", "me"), ("a LIST behind that claims 2 GB", None), ("0xFF behind", None), ("w64", None)],
)
def test_tags_are_read_of_the_chunks_that_are_whole(name: str, artist: str | None, spool: Spool) -> None:
    assert read_tags(spool(SHELLS[name]), lambda: None).text.get("artist") == artist


def test_tags_behind_the_samples_are_read_and_guarded(spool: Spool) -> None:
    tagged = riff(FORM, chunk(b"data", DATA), chunk(b"LIST", INFO)) + b"\xff" * 9
    assert read_tags(spool(tagged), lambda: None).text == {"artist": "me"}
    bomb = riff(FORM, chunk(b"data", DATA), chunk(b"id3 ", bombs.inflating_tag()))
    assert Source(spool(bomb)).read().samples.shape == (1, FRAMES)
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX"):
        read_tags(spool(bomb), lambda: None)
