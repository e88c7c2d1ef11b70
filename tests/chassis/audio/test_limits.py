"""Hostile uploads are refused with their exact reason, and cost neither memory nor time."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import av
import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Encoder, Limits, RawPcm, Source
from chassis.audio.live import LiveSource

ROOT = Path(__file__).resolve().parents[3]


def wav(
    channels: int = 1,
    rate: int = 44100,
    bits: int = 16,
    data: bytes = b"\0" * 100,
    data_size: int | None = None,
    tag: int = 1,
) -> bytes:
    """A WAV file whose header says what the arguments say, true or not."""
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels & 0xFFFF, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits)
    size = len(data) if data_size is None else data_size
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", (4 + len(chunks)) & 0xFFFFFFFF) + b"WAVE" + chunks


def refuse(path: Path, **options: object) -> AntiphonError:
    with pytest.raises(AntiphonError) as caught:
        Source(path, **options).read()
    assert caught.value.code == "INVALID_ARGUMENT"
    return caught.value


LIES = {
    "65535 channels": ({"channels": 65535}, "AUDIO_CHANNEL_COUNT"),
    "1024 channels": ({"channels": 1024}, "AUDIO_CHANNEL_COUNT"),
    "9 channels": ({"channels": 9}, "AUDIO_CHANNEL_COUNT"),
    "0 channels": ({"channels": 0}, "AUDIO_CHANNEL_COUNT"),
    "0 Hz": ({"rate": 0}, "AUDIO_SAMPLE_RATE"),
    "1 Hz": ({"rate": 1}, "AUDIO_SAMPLE_RATE"),
    "3999 Hz": ({"rate": 3999}, "AUDIO_SAMPLE_RATE"),
    "384001 Hz": ({"rate": 384001}, "AUDIO_SAMPLE_RATE"),
    "2^31 Hz": ({"rate": 2**31}, "AUDIO_SAMPLE_RATE"),
    "0 bits": ({"bits": 0}, "AUDIO_UNDECODABLE"),
    "an unknown codec": ({"tag": 0x1234}, "AUDIO_UNDECODABLE"),
    "a codec that is not ours (GSM)": ({"tag": 0x31}, "AUDIO_UNDECODABLE"),
    "no data": ({"data": b""}, "AUDIO_EMPTY"),
    "no data, 4 GB claimed": ({"data": b"", "data_size": 2**32 - 4096}, "AUDIO_UNDECODABLE"),
    "no data, the size left open": ({"data": b"", "data_size": 2**32 - 1}, "AUDIO_EMPTY"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_wav_header_is_refused_with_its_reason(name, spool):
    lie, reason = LIES[name]
    error = refuse(spool(wav(**lie)))
    assert error.reason == reason, error


@pytest.mark.parametrize(
    ("size", "truncated"), [(2**32 - 1, False), (0, False), (2**31, True), (102, True), (100, False)]
)
def test_a_wrong_data_size_gives_the_samples_that_are_there(size, truncated, spool):
    source = Source(spool(wav(data_size=size)))
    assert source.read().samples.shape == (1, 50)
    assert [warning.reason for warning in source.warnings] == (["AUDIO_TRUNCATED"] if truncated else [])


@pytest.mark.parametrize("channels", [1, 8])
@pytest.mark.parametrize("rate", [4000, 384000])
def test_the_limits_themselves_are_allowed(channels, rate, spool):
    audio = Source(spool(wav(channels, rate, data=bytes(2 * channels * 10)))).read()
    assert (audio.samples.shape, audio.sample_rate) == ((channels, 10), rate)


def test_a_chunk_far_larger_than_the_file_is_refused(spool):
    """libav would clear 2 GB of memory for it."""
    data, chunk = wav(), b"LIST" + struct.pack("<I", 2**31) + b"INFOISFT" + bytes(60)
    error = refuse(spool(data[:12] + chunk + data[12:]))
    assert (error.reason, error.metadata["what"]) == ("AUDIO_TOO_COMPLEX", "bytes of a chunk 'LIST'")


def test_a_chunk_cut_off_with_the_file_is_harmless(spool):
    path = spool(wav() + b"LIST" + struct.pack("<I", 500) + b"INFOISFT" + bytes(60))
    assert Source(path).read().samples.shape == (1, 50)


BAD_BYTES = {
    "nothing": (b"", "AUDIO_EMPTY"),
    "one byte": (b"\0", "AUDIO_UNDECODABLE"),
    "zeros": (bytes(10_000), "AUDIO_UNDECODABLE"),
    "noise": (np.random.default_rng(0).bytes(100_000), "AUDIO_UNDECODABLE"),
    "text": (b"A song about nothing.\n" * 200, "AUDIO_UNDECODABLE"),
    "a WAV header, cut": (wav()[:30], "AUDIO_UNDECODABLE"),
    "a FLAC marker alone": (b"fLaC", "AUDIO_UNDECODABLE"),
    "an ID3 tag alone": (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), "AUDIO_UNDECODABLE"),
    "a subtitle": (b"1\n00:00:00,000 --> 00:00:09,000\nla la\n\n" * 9, "AUDIO_UNDECODABLE"),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_bytes_that_are_not_audio_are_refused(name, spool):
    data, reason = BAD_BYTES[name]
    assert refuse(spool(data)).reason == reason


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{victim}\n#EXT-X-ENDLIST\n",
    "hls by protocol": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{victim}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{victim}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{victim}</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "data": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ndata:audio/wav;base64,UklGRg==\n#EXT-X-ENDLIST\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_opens_no_other_file(name, spool, clicks, encode):
    victim = spool(encode(clicks(44100), "wav", "pcm_s16le"))
    path = spool(PLAYLISTS[name].format(victim=victim).encode())
    os.utime(victim, (0, 0))
    assert refuse(path).reason == "AUDIO_UNDECODABLE"
    untouched = victim.stat().st_atime == 0
    victim.read_bytes()
    if victim.stat().st_atime == 0:
        pytest.skip("refused as it should be; the file system keeps no access times to show that nothing was read")
    assert untouched


def test_a_container_that_is_not_ours_is_refused_by_its_name(clicks, encode, spool):
    error = refuse(spool(encode(clicks(44100), "avi", "pcm_s16le")))
    assert error.reason == "AUDIO_UNDECODABLE"
    assert "this is an AVI video; send mp3" in str(error)


NAMED = {
    "a RealMedia file": b".RMF\0\0\0\x12" + bytes(100),
    "a ZIP archive": b"PK\x03\x04\x14\0" + bytes(range(256)),
    "a web page": b"\xef\xbb\xbf\n<!DOCTYPE html><html>Not found</html>",
    "a text": "Ein Lied über nichts.\n".encode() * 50,
    "nothing but zeros": bytes(10_000),
    "a MIDI file, which holds notes and no sound": b"MThd\0\0\0\x06\0\1\0\2" + bytes(100),
    "a playlist; send the sound that it points to": b"#EXTM3U\nhttp://127.0.0.1/x.mp3\n",
}


@pytest.mark.parametrize("way", ["file", "live"])
@pytest.mark.parametrize("name", NAMED)
def test_what_is_no_sound_is_told_by_its_name(name, way, spool):
    if way == "file":
        error = refuse(spool(NAMED[name]))
    else:
        stream = LiveSource(16000)
        with pytest.raises(AntiphonError) as caught:
            stream.feed(NAMED[name])
            stream.finish()
        error = caught.value
    assert (error.reason, error.metadata["found"]) == ("AUDIO_UNDECODABLE", name)


def test_a_video_without_sound_has_no_audio_stream(tmp_path):
    path = tmp_path / "upload"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert refuse(path).reason == "AUDIO_NO_AUDIO_STREAM"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30])
@pytest.mark.parametrize("kind", ["raw", "wav"])
def test_a_sample_that_is_not_finite_is_refused_where_it_stands(value, kind, spool):
    samples = np.zeros((70_000, 2), np.float32)
    samples[66_000, 1] = value
    data = samples.tobytes()
    raw = RawPcm("f32le", 44100, 2) if kind == "raw" else None
    error = refuse(spool(data if raw else wav(2, bits=32, data=data, tag=3)), raw=raw)
    assert (error.reason, error.metadata["frame"]) == ("AUDIO_NOT_FINITE", "66000")


def test_float64_beyond_float32_is_refused(spool):
    data = np.array([0.0, 1e300], "<f8").tobytes()
    assert refuse(spool(wav(bits=64, data=data, tag=3))).reason == "AUDIO_NOT_FINITE"


def test_raw_pcm_that_is_no_whole_number_of_frames_is_refused(spool):
    error = refuse(spool(bytes(7)), raw=RawPcm("s16le", 44100, 2))
    assert (error.reason, error.metadata["frame_bytes"]) == ("AUDIO_UNDECODABLE", "4")
    assert refuse(spool(b""), raw=RawPcm("s16le", 44100, 2)).reason == "AUDIO_EMPTY"
    assert refuse(spool(bytes(36)), raw=RawPcm("s16le", 44100, 9)).reason == "AUDIO_CHANNEL_COUNT"
    assert refuse(spool(bytes(8)), raw=RawPcm("s16le", 44100, 0)).reason == "AUDIO_CHANNEL_COUNT"
    assert refuse(spool(bytes(8)), raw=RawPcm("s16le", 1, 1)).reason == "AUDIO_SAMPLE_RATE"


@pytest.mark.parametrize("raw", [True, False])
def test_the_length_is_limited_to_the_sample(raw, spool):
    path = spool(bytes(8000 * 2) if raw else wav(rate=8000, data=bytes(8000 * 2)))
    options = {"raw": RawPcm("s16le", 8000, 1)} if raw else {}
    assert Source(path, limits=Limits(max_seconds=1.0), **options).read().seconds == 1.0
    error = refuse(path, limits=Limits(max_seconds=0.9999), **options)
    assert (error.reason, error.metadata["max_seconds"]) == ("AUDIO_TOO_LONG", "0.9999")


def test_the_decoded_size_is_limited(spool):
    path = spool(wav(2, data=bytes(1000 * 2 * 2)))
    assert Source(path, limits=Limits(max_decoded_bytes=8000)).read().samples.shape == (2, 1000)
    assert refuse(path, limits=Limits(max_decoded_bytes=7999)).reason == "AUDIO_TOO_LARGE"


def test_the_time_spent_decoding_is_limited(spool):
    assert refuse(spool(wav()), limits=Limits(max_wall_seconds=0.0)).reason == "AUDIO_DECODE_TIMEOUT"


def test_a_file_of_junk_between_frames_stops_at_the_checkpoint(spool, clicks, encode):
    """libav looks for the next mp3 frame inside one call: only the reads give a chance to stop it."""
    data = encode(clicks(44100), "mp3", "libmp3lame") + b"\1" * 20_000_000
    calls = 0

    class Stop(BaseException):
        pass

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        if calls == 40:
            raise Stop

    with pytest.raises(Stop):
        Source(spool(data), checkpoint=checkpoint).read()
    assert calls == 40


def silence(seconds: int) -> bytes:
    """A FLAC stream of stereo silence, without a length in its header."""
    encoder = Encoder("flac", 44100, 2)
    block = np.zeros((2, 44100 * 10), np.float32)
    return b"".join(encoder.write(block) for _ in range(seconds // 10)) + encoder.finish()


def test_a_silence_bomb_stops_at_the_limit_without_growing(spool):
    """10 minutes of FLAC silence are 100 KB or less and decode to 212 MB; the peak may not show them."""
    data = silence(600)
    assert len(data) < 150_000
    script = f"""
        import resource
        from pathlib import Path
        from chassis.audio import Limits, Source
        from antiphon_wire.errors import AntiphonError
        path = Path({str(spool(data))!r})
        next(Source(path).blocks())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        frames = 0
        try:
            for block in Source(path, limits=Limits(max_seconds=500)).blocks():
                frames += block.shape[1]
        except AntiphonError as error:
            print(error.reason, frames // 44100, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    reason, seconds, grown_kib = run.stdout.split()
    assert reason == "AUDIO_TOO_LONG"
    assert 490 <= int(seconds) <= 500
    # A few blocks of 512 KiB each, allocator included; the audio so far would be 170 MiB.
    assert int(grown_kib) < 16 * 1024


def test_a_header_that_admits_to_be_too_long_is_refused_before_decoding(clicks, encode, spool):
    path = spool(encode(clicks(44100 * 2), "flac", "flac"))
    error = refuse(path, limits=Limits(max_seconds=1.5))
    assert error.reason == "AUDIO_TOO_LONG"
    assert "by its header" in error.message


def test_audio_needs_neither_grpc_nor_protobuf():
    script = "import chassis.audio, sys; print(sorted(m for m in sys.modules if m.startswith(('grpc', 'google'))))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
