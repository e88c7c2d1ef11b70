"""What a file says of its music is said by the files that are made of it."""

from __future__ import annotations

import io
import struct
import zlib

import av
import numpy as np
import pytest
from av.stream import Disposition

from chassis.audio import Encoder, RawPcm, Source
from chassis.audio.tags import MAX_TEXT, Picture, Tags
from chassis.encodings import TAGGED, ChoiceError, Encoding

RATE = 44_100
TEXT = {
    "title": "Für Élise 🎹",
    "artist": "נעמי",
    "album": "Klavier",
    "date": "1810",
    "track": "3",
    "genre": "Folk",
}


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff\0\0" * 8) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


COVER = Picture("png", png(), 8, 8)


def encoded(name: str, tags: Tags | None, frames: int = 20_000) -> bytes:
    encoder = Encoder(Encoding(name), RATE, 2, tags)
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, frames)).astype(np.float32)
    data = bytearray(encoder.write(noise) + encoder.finish())
    for patch in encoder.patches:
        data[patch.offset : patch.offset + len(patch.data)] = patch.data
    return bytes(data)


@pytest.mark.parametrize("name", TAGGED)
def test_tags_and_cover_go_from_file_to_file(name, spool):
    given = Tags(TEXT, COVER)
    found = Source(spool(encoded(name, given))).tags()
    assert found.text == TEXT
    assert found.picture == (None if name in ("opus", "vorbis") else given.picture)


@pytest.mark.parametrize("name", TAGGED)
def test_the_audio_is_the_same_with_tags(name, spool):
    with_tags = Source(spool(encoded(name, Tags(TEXT, COVER)))).read().samples
    assert np.array_equal(with_tags, Source(spool(encoded(name, None))).read().samples)


def test_other_players_see_the_cover():
    with av.open(io.BytesIO(encoded("mp3", Tags(TEXT, COVER)))) as container:
        assert [bool(each.disposition & Disposition.attached_pic) for each in container.streams.video] == [True]


def test_a_file_without_tags_has_none(spool):
    assert Source(spool(encoded("flac", None))).tags() == Tags({})
    assert Source(spool(bytes(8)), RawPcm("f32le", RATE, 1)).tags() == Tags({})


def test_what_is_no_picture_is_no_cover_and_text_is_bounded_and_plain(spool):
    odd = {"title": "x" * (MAX_TEXT + 5), "artist": "a\x1b[31mb\nc"}
    broken = Picture("png", b"\x89PNG, but no more than its first bytes", 8, 8)
    found = Source(spool(encoded("flac", Tags(odd, broken)))).tags()
    assert found.text == {"title": "x" * MAX_TEXT, "artist": "a[31mbc"}
    assert found.picture is None


@pytest.mark.parametrize("name", ["wav", "pcm_s16le", "pcm_f32le"])
def test_an_encoding_without_tags_is_refused_where_they_are_to_be_kept(name):
    with pytest.raises(ChoiceError, match="holds no tags"):
        Encoding(name, tags=True)
    with pytest.raises(ChoiceError, match="live"):
        Encoding("flac", tags=True, live=True)


def test_a_photograph_is_a_cover_too(spool):
    # A start of image, a comment, a start of frame of 30 by 20 pixels, and the end.
    head = (
        b"\xff\xd8\xff\xfe\0\x04hi\xff\xc0\0\x11\x08"
        + struct.pack(">HH", 20, 30)
        + b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01"
    )
    jpeg = head + b"\xff\xd9"
    found = Source(spool(encoded("flac", Tags({}, Picture("mjpeg", jpeg, 30, 20))))).tags()
    assert found.picture == Picture("mjpeg", jpeg, 30, 20)
