"""A damaged file gives what can be decoded and says what is missing; one that is mostly damage is refused."""

from __future__ import annotations

import errno

import av.error
import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source, decode
from chassis.reports import Span
from chassis.worker.outcome import outcome_of

RATE = 44100
SECONDS = 4
FILES = {
    "wav": ("wav", "pcm_s16le", {}),
    "aiff": ("aiff", "pcm_s16be", {}),
    "flac": ("flac", "flac", {}),
    "mp3": ("mp3", "libmp3lame", {}),
    "adts": ("adts", "aac", {}),
    "m4a, in fragments": ("mp4", "aac", {"movflags": "empty_moov+frag_keyframe"}),
    "ogg": ("ogg", "flac", {}),
    "webm": ("matroska", "flac", {}),
}


def reasons(source: Source) -> list[str]:
    return [warning.reason for warning in source.warnings]


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_gives_what_is_there_and_a_warning(name, clicks, encode, spool):
    muxer, codec, options = FILES[name]
    samples = clicks(RATE * SECONDS)
    data = encode(samples, muxer, codec, muxer_options=options)
    whole, cut = Source(spool(data)), Source(spool(data[: int(len(data) * 0.6)]))
    full = whole.read().samples.shape[1]
    frames = cut.read().samples.shape[1]
    # Ogg loses up to a page (1 s), FLAC up to a packet; nothing may be made up.
    # The signal does not take the same bytes everywhere: 60 % of the bytes are not 60 % of the sound.
    assert 0.3 * full < frames <= 0.7 * full
    assert reasons(cut) == ["AUDIO_TRUNCATED"]
    assert reasons(whole) == []


def test_an_m4a_without_its_index_is_undecodable(clicks, encode, spool):
    data = encode(clicks(RATE), "ipod", "aac")
    with pytest.raises(AntiphonError) as caught:
        Source(spool(data[: len(data) // 2])).read()
    assert caught.value.reason == "AUDIO_UNDECODABLE"


@pytest.mark.parametrize("name", ["flac", "flac as a stream"])
def test_a_flac_of_which_only_the_header_is_left_is_undecodable(name, clicks, encode, spool):
    data = encode(clicks(RATE), "flac", "flac", seekable=name == "flac")
    with pytest.raises(AntiphonError) as caught:
        Source(spool(data[: len(data) // 20])).read()
    assert caught.value.reason == "AUDIO_UNDECODABLE"


# An mp3 frame borrows bits from its neighbours and may survive; a damaged Ogg page takes up to a second with it.
@pytest.mark.parametrize(
    ("muxer", "codec", "lost"),
    [("adts", "aac", 2048), ("ipod", "aac", 2048), ("flac", "flac", 9216), ("ogg", "flac", 1.1 * RATE)],
)
def test_isolated_damage_is_left_out_with_a_warning(muxer, codec, lost, clicks, encode, spool):
    samples = clicks(RATE * SECONDS)
    data = bytearray(encode(samples, muxer, codec))
    middle = len(data) // 2
    data[middle : middle + 40] = np.random.default_rng(5).bytes(40)
    source = Source(spool(bytes(data)))
    frames = source.read().samples.shape[1]
    assert reasons(source) == ["AUDIO_CORRUPT_PACKETS"]
    assert "1 damaged places" in source.warnings[0].message
    assert RATE * SECONDS - lost <= frames <= RATE * SECONDS + 3000
    assert np.isfinite(source.read().samples).all()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_flac_frame_with_one_wrong_bit_is_silence_in_its_place_and_not_noise(share, clicks, encode, spool):
    original = encode(clicks(RATE * SECONDS), "flac", "flac")
    data = bytearray(original)
    data[int(len(data) * share)] ^= 0x10
    whole = Source(spool(original)).read().samples[0]
    source = Source(spool(bytes(data)))
    found = source.read().samples[0]
    wrong = np.flatnonzero(found != whole)
    start, lost = int(wrong[0]), int(wrong[-1] - wrong[0] + 1)
    assert len(found) == len(whole)
    assert lost in (4608, 2 * 4608)
    assert not found[start : start + lost].any()
    assert source.report.time_line.holes == (Span(start / RATE, lost / RATE),)
    assert reasons(source) == ["AUDIO_CORRUPT_PACKETS"]
    assert "1 damaged places" in source.warnings[0].message
    assert f"at least {lost / RATE:.3f} s" in source.warnings[0].message


def test_a_file_that_is_mostly_damage_is_undecodable(clicks, encode, spool):
    data = bytearray(encode(clicks(RATE * SECONDS), "adts", "aac"))
    generator = np.random.default_rng(7)
    for position in range(2000, len(data) - 20, 400):
        data[position : position + 20] = generator.bytes(20)
    with pytest.raises(AntiphonError) as caught:
        Source(spool(bytes(data))).read()
    assert caught.value.reason == "AUDIO_UNDECODABLE"
    assert int(caught.value.metadata["damaged"]) > 0.1 * int(caught.value.metadata["packets"])


def test_random_mutations_never_raise_anything_but_typed_errors(clicks, encode, spool):
    """A smoke test of the native decoders' edges: 20 mutations of each container, seeded."""
    generator = np.random.default_rng(8)
    for muxer, codec, options in FILES.values():
        original = encode(clicks(RATE // 4), muxer, codec, muxer_options=options)
        outcomes = set()
        for _ in range(20):
            data = bytearray(original)
            for _ in range(int(generator.integers(1, 30))):
                # Half of the hits in the first bytes, where the header is.
                end = 200 if generator.random() < 0.5 else len(data)
                data[int(generator.integers(0, min(end, len(data))))] = int(generator.integers(0, 256))
            try:
                assert np.isfinite(Source(spool(bytes(data))).read().samples).all()
                outcomes.add("decoded")
            except AntiphonError as error:
                assert error.code == "INVALID_ARGUMENT"
                outcomes.add(error.reason)
        assert outcomes


class _Starved:
    """A packet for which the decoder finds no memory."""

    size = 10

    def decode(self) -> list[object]:
        """Fails as libav does."""
        raise av.error.FFmpegError(errno.ENOMEM, "Cannot allocate memory")


def test_what_libav_finds_no_memory_for_is_not_called_damaged(monkeypatch, clicks, encode, spool):
    path = spool(encode(clicks(4410), "wav", "pcm_s16le"))
    monkeypatch.setattr(decode, "packets", lambda *_: iter([_Starved()] * 1000))
    with pytest.raises(MemoryError) as caught:
        Source(path).read()
    assert outcome_of(caught.value)["error"].reason == "WORKER_OUT_OF_MEMORY"
