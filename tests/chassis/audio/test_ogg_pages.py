"""Pages of Ogg are read and written as the format has them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from chassis.audio import Encoder, Source
from chassis.audio.ogg_pages import CONTINUED, FIRST, Page, PageReader, paged
from chassis.audio.tags import Tags


def read(data: bytes, cut: int = 1000) -> list[Page]:
    reader = PageReader()
    return [page for start in range(0, len(data), cut) for page in reader.pages(data[start : start + cut])]


def test_a_page_that_another_library_wrote_is_written_back_to_the_bit():
    sound = io.BytesIO()
    soundfile.write(sound, np.random.default_rng(1).uniform(-0.5, 0.5, (50_000, 2)), 44_100, "VORBIS", format="OGG")
    data = sound.getvalue()
    serial = int.from_bytes(data[14:18], "little")
    pages = read(data)
    assert len(pages) > 3
    assert b"".join(page.written(serial, number) for number, page in enumerate(pages)) == data


@pytest.mark.parametrize("sizes", [[0], [1, 254, 255, 256, 0], [255 * 255], [70_000, 3], [255 * 300]])
def test_packets_of_any_size_come_back_from_their_pages(sizes):
    packets = [bytes([number]) * size for number, size in enumerate(sizes)]
    pages = read(b"".join(page.written(7, number) for number, page in enumerate(paged(packets, FIRST))), 999)
    found = [b""]
    for page in pages:
        for part, ends in page.packets():
            found[-1] += part
            if ends:
                found.append(b"")
    assert found == [*packets, b""]
    assert pages[0].flags == FIRST
    begun = [False, *(page.packets() and not list(page.packets())[-1][1] for page in pages[:-1])]
    assert [bool(page.flags & CONTINUED) for page in pages] == begun


def test_two_streams_of_the_same_samples_are_equal_and_their_long_tags_are_read(spool):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 30_000)).astype(np.float32)

    def encoded() -> bytes:
        encoder = Encoder("vorbis", 44_100, 2, Tags({"title": "x" * 70_000, "composer": "Clara"}))
        return encoder.write(samples) + encoder.finish()

    assert encoded() == encoded()
    with soundfile.SoundFile(io.BytesIO(encoded())) as file:
        assert file.title == "x" * 70_000
        assert file.frames == 30_000


@pytest.mark.parametrize("frames", [1, 500, 3000])
def test_the_shortest_streams_of_vorbis_have_their_length(frames, spool):
    encoder = Encoder("vorbis", 44_100, 1)
    data = encoder.write(np.full((1, frames), 0.1, np.float32)) + encoder.finish()
    assert Source(spool(data)).read().samples.shape == (1, frames)
