"""Files whose headers claim far more than they have are refused before libav allocates for the claim."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.guard import LiveGuard, guard_file
from chassis.audio.live import LiveSource
from tests.fixtures import bombs, recordings
from tests.fixtures.bombs import BOMBS

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 256 << 20
LIVE = [name for name in BOMBS if not name.startswith(("mp4", "aiff", "asf", "ape", "wv", "dsf"))]
DECODE = """
import json, sys
from pathlib import Path
from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.live import LiveSource
from chassis.memory import peak_bytes, reset_peak, resident_bytes
from tests.fixtures import bombs

def read(path):
    Source(path).read()

def stream(path):
    source = LiveSource(16000)
    with path.open("rb") as file:
        while piece := file.read(65536):
            source.feed(piece)
    source.finish()

path, decode = Path(sys.argv[1]), {"file": read, "live": stream}[sys.argv[2]]
found = {}
for name in sys.argv[3:]:
    path.write_bytes(bombs.BOMBS[name][0]())
    resets, before, reason = reset_peak(), resident_bytes(), "OK"
    try:
        decode(path)
    except AntiphonError as error:
        reason = f"{error.code} {error.reason}"
    found[name] = reason, peak_bytes() - before if resets else 0
print(json.dumps(found))
"""


def decoded_apart(folder: Path, way: str, names: list[str]) -> dict[str, tuple[str, int]]:
    """Decodes bombs in a process of their own; gives by name how each ended and by how much the memory grew."""
    command = [sys.executable, "-c", DECODE, str(folder / "bomb"), way, *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=True)
    return {name: (reason, grown) for name, (reason, grown) in json.loads(done.stdout).items()}


@pytest.mark.parametrize(("way", "names"), [("file", list(BOMBS)), ("live", LIVE)])
def test_what_claims_too_much_is_refused_and_takes_no_memory(way: str, names: list[str], tmp_path: Path) -> None:
    found = decoded_apart(tmp_path, way, names)
    assert {name: reason for name, (reason, _) in found.items()} == dict.fromkeys(
        names, "INVALID_ARGUMENT AUDIO_TOO_COMPLEX"
    )
    assert {name: grown for name, (_, grown) in found.items() if grown > MOST_BYTES} == {}


@pytest.mark.parametrize("name", BOMBS)
def test_the_refusal_names_what_was_claimed_and_the_limit(name: str, spool: Callable[[bytes], Path]) -> None:
    make, what = BOMBS[name]
    with pytest.raises(AntiphonError) as caught:
        Source(spool(make())).probe()
    assert what in caught.value.metadata["what"]
    assert int(caught.value.metadata["count"]) > int(caught.value.metadata["limit"])


HONEST = {
    "wav": ("wav", "pcm_s16le"),
    "aiff": ("aiff", "pcm_s16be"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "mp3"),
    "aac": ("adts", "aac"),
    "m4a": ("ipod", "aac"),
    "mov of PCM": ("mov", "pcm_s16le"),
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "caf": ("caf", "alac"),
    "mpegts": ("mpegts", "aac"),
    "tta": ("tta", "tta"),
    "wavpack": ("wv", "wavpack"),
    "w64": ("w64", "pcm_s16le"),
    "au": ("au", "pcm_s16be"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_passes_whole_or_cut_off(name: str, spool: Callable[[bytes], Path]) -> None:
    data = recordings.encoded(bombs.TONE, *HONEST[name], 48000)
    for cut in (len(data), len(data) // 2, 40):
        with spool(data[:cut]).open("rb") as file:
            guard_file(file, lambda: None)
            assert file.tell() == 0


def test_a_tag_with_a_small_compressed_frame_passes(spool: Callable[[bytes], Path]) -> None:
    tag = bombs.id3(bombs.text(b"comment", b"as it was " * 100))
    path = spool(tag + recordings.encoded(bombs.TONE, "mp3", "mp3", 48000))
    assert Source(path).read().samples.shape == bombs.TONE.shape


def test_pcm_in_a_mov_may_have_more_samples_than_are_counted_one_by_one(spool: Callable[[bytes], Path]) -> None:
    """libav goes by their chunks: three hours at 192 kHz are no larger an index than a day of AAC."""
    count = 3 * 3600 * 192_000
    chunks = full_table(count // 192_000)
    tables = bombs.tables(count, ticks=1, chunk_samples=192_000)[:3]
    with spool(bombs.m4a(*tables, chunks)).open("rb") as file:
        guard_file(file, lambda: None)
        assert file.tell() == 0


def full_table(chunks: int) -> bytes:
    """A table of so many chunks."""
    return bombs.full(b"stco", struct.pack(">I", chunks), bytes(4 * chunks))


@pytest.mark.parametrize("name", LIVE)
@settings(max_examples=3, deadline=None)
@given(step=st.integers(1, 400))
def test_a_stream_is_refused_wherever_it_is_cut(name: str, step: int) -> None:
    data = MADE.setdefault(name, BOMBS[name][0]())
    guard = LiveGuard()
    step *= max(1, len(data) // 2000)
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX"):
        for start in range(0, len(data), step):
            guard.feed(data[start : start + step])


MADE: dict[str, bytes] = {}


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(HONEST)),
    places=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=6),
)
def test_whatever_stands_in_the_headers_the_guard_ends_or_refuses(
    name: str, places: list[tuple[int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(MADE.setdefault(name, recordings.encoded(bombs.TONE, *HONEST[name], 48000)))
    for place, new in places:
        data[place : place + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(data)
    for walk in (_guard, _guard_live):
        try:
            walk(path)
        except AntiphonError as error:
            assert error.reason == "AUDIO_TOO_COMPLEX"


def _guard(path: Path) -> None:
    with path.open("rb") as file:
        guard_file(file, lambda: None)


def _guard_live(path: Path) -> None:
    LiveGuard().feed(path.read_bytes())


def test_a_live_stream_lives_on_after_another_was_refused() -> None:
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX"):
        LiveSource(16_000).feed(bombs.wav(bombs.huge_list()))
    stream = LiveSource(16_000)
    assert len(stream.feed(bombs.wav())) + len(stream.finish()) == 16_000


def test_a_table_may_not_have_more_samples_than_the_file_has_bytes(spool: Callable[[bytes], Path]) -> None:
    with pytest.raises(AntiphonError, match="AUDIO_TOO_COMPLEX") as caught:
        Source(spool(bombs.m4a(*bombs.tables(5_900_000)))).probe()
    assert caught.value.metadata["what"] == "samples in the index"
