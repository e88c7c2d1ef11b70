"""``antiphon separate`` against a service that speaks the real protocol and keeps what it was sent."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc
from tests.fixtures.gateway_process import environment

STEMS = {"vocals": b"sung" * 1000, "no_vocals": b"played" * 1000}


class Separation(pb_grpc.SeparationServiceServicer):
    """Tells of progress, sends two stems, tells of them; a config that names the model ``broken`` ends half-way."""

    def __init__(self) -> None:
        self.configs: list[pb.SeparationConfig] = []

    def Separate(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        config = next(requests).config
        self.configs.append(config)
        for request in requests:
            if request.chunk.last:
                break
        yield pb.SeparateResponse(header=pb.SeparationHeader(stems=STEMS, encoding=config.output_encoding))
        for fraction in (0.1, 0.3, 0.5, 1.0):
            progress = evidence_pb2.Progress(fraction=fraction, step="separating")
            if fraction > 0.1:
                progress.remaining.FromMilliseconds(round(125_400 * (1 - fraction)))
            yield pb.SeparateResponse(progress=progress)
        stems = []
        for name, data in STEMS.items():
            half = len(data) // 2
            yield _chunk(name, data[:half], 0, last=False)
            if config.model == "broken":
                context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
            yield _chunk(name, data[half:], half, last=True)
            facts = {"byte_count": len(data), "sha256": hashlib.sha256(data).digest(), "frame_count": 100}
            stems.append(pb.Stem(name=name, peak_dbfs=-0.5, integrated_lufs=-14.25, **facts))
        stems[0].energy_share = 0.25
        stems[1].clipped_sample_count = 7
        summary = pb.SeparationSummary(stems=stems, gain_db=-1.5)
        summary.provenance.device = "cpu"
        summary.provenance.model.name, summary.provenance.model.license_spdx = "spleeter-2stems", "MIT"
        summary.warnings.add(reason="AUDIO_TRUNCATED", message="it ends early")
        yield pb.SeparateResponse(summary=summary)


class LiveSeparation(pb_grpc.SeparationServiceServicer):
    """Gives every chunk back at once as the stem asked for, turned upside down; keeps what it was sent."""

    def __init__(self) -> None:
        self.configs: list[pb.SeparationConfig] = []
        self.received = b""

    def StreamingSeparate(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        config = next(requests).config
        self.configs.append(config)
        stem, sent = config.stems[0], b""
        yield pb.StreamingSeparateResponse(header=pb.SeparationHeader(stems=[stem], encoding=config.output_encoding))
        for request in requests:
            self.received += request.chunk.data
            piece = bytes(255 - each for each in request.chunk.data)
            chunk = audio_pb2.AudioChunk(data=piece, byte_offset=len(sent), last=request.chunk.last)
            sent += piece
            yield pb.StreamingSeparateResponse(stem_chunk=pb.StemChunk(stem=stem, chunk=chunk))
            if request.chunk.last:
                break
        facts = {"byte_count": len(sent), "sha256": hashlib.sha256(sent).digest(), "frame_count": len(sent) // 4}
        yield pb.StreamingSeparateResponse(summary=pb.SeparationSummary(stems=[pb.Stem(name=stem, **facts)]))


def _chunk(stem: str, data: bytes, offset: int, *, last: bool) -> pb.SeparateResponse:
    chunk = audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last)
    return pb.SeparateResponse(stem_chunk=pb.StemChunk(stem=stem, chunk=chunk))


@contextmanager
def serving(servicer: Any) -> Iterator[tuple[str, Any]]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    pb_grpc.add_SeparationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


@pytest.fixture
def separation() -> Iterator[tuple[str, Separation]]:
    with serving(Separation()) as served:
        yield served


@pytest.fixture
def live() -> Iterator[tuple[str, LiveSeparation]]:
    with serving(LiveSeparation()) as served:
        yield served


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of a WAV file."""
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path


def test_stems_are_written_and_their_levels_printed(antiphon: Any, separation: Any, clip: Path, tmp_path: Path) -> None:
    done = antiphon("separate", "--separation", separation[0], "--format", "mp3", "--out", "out", clip)
    assert done.returncode == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out" / "clip").iterdir()} == {
        f"{name}.mp3": data for name, data in STEMS.items()
    }
    assert done.stdout.decode().splitlines() == [
        "out/clip/vocals.mp3, peak -0.5 dBFS, -14.2 LUFS, 25.0 % of the energy",
        "out/clip/no_vocals.mp3, peak -0.5 dBFS, -14.2 LUFS, 7 samples clipped; see --clip-mode rescale",
        "by spleeter-2stems, licence MIT, on cpu, gain -1.50 dB",
    ]
    assert b"AUDIO_TRUNCATED" in done.stderr


def test_progress_is_told_with_the_time_left_once_that_is_known(antiphon: Any, separation: Any, clip: Path) -> None:
    done = antiphon("separate", "--separation", separation[0], clip)
    lines = [line.strip() for line in done.stderr.decode().splitlines()]
    assert lines[:2] == ["separation: 25 %, about 1:28 left", "separation: 50 %, about 1:03 left"]
    quiet = antiphon("separate", "-q", "--overwrite", "--separation", separation[0], clip)
    assert quiet.stderr == b""


def test_what_is_asked_for_is_sent(antiphon: Any, separation: Any, clip: Path) -> None:
    arguments = ["--stems", "vocals, no_vocals", "--format", "m4a", "--rate", "48000", "--model", "some"]
    arguments += ["--start", "1.5", "--end", "3", "--clip-mode", "rescale"]
    arguments += ["--shifts", "2", "--overlap", "0.5", "--segment", "4.5", "--seed", "7"]
    assert antiphon("separate", "--separation", separation[0], *arguments, clip).returncode == 0
    assert antiphon("separate", "--separation", separation[0], "--rate", "keep", clip).returncode == 0
    first, second = separation[1].configs
    assert (list(first.stems), first.model) == (["vocals", "no_vocals"], "some")
    assert (first.output_encoding, first.output_sample_rate_hertz) == (audio_pb2.OUTPUT_ENCODING_AAC, 48000)
    assert (first.clip.start_offset.ToMilliseconds(), first.clip.end_offset.ToMilliseconds()) == (1500, 3000)
    assert first.clip_mode == pb.CLIP_MODE_RESCALE
    assert (first.shifts, first.overlap, first.segment.ToMilliseconds(), first.seed) == (2, 0.5, 4500, 7)
    assert second.WhichOneof("output_rate") == "keep_sample_rate"
    assert not any(second.HasField(name) for name in ("clip", "shifts", "overlap", "segment", "seed"))


def test_several_files_have_folders_of_their_own_and_one_document(
    antiphon: Any, separation: Any, clip: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    other.write_bytes(clip.read_bytes())
    done = antiphon("separate", "--separation", separation[0], "--json", "-", clip, other)
    assert done.returncode == 0
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["stems"] == ["separated/clip/vocals.flac", "separated/clip/no_vocals.flac"]
    assert second["summary"]["stems"][0]["energy_share"] == 0.25
    assert (tmp_path / "separated" / "other" / "vocals.flac").exists()


def test_an_answer_that_breaks_off_leaves_no_stem_behind(
    antiphon: Any, separation: Any, clip: Path, tmp_path: Path
) -> None:
    done = antiphon("separate", "--separation", separation[0], "--model", "broken", "--out", "out", clip)
    assert done.returncode in (1, 3)
    assert b"going down" in done.stderr
    assert not (tmp_path / "out").exists()


def test_one_stem_goes_to_standard_output_for_the_next_program(antiphon: Any, live: Any, clip: Path) -> None:
    command = ["separate", "--live", "--separation", live[0], "--stems", "vocals", "--format", "s16le", "--out", "-"]
    done = antiphon(*command, clip)
    assert done.returncode == 0
    assert done.stdout == bytes(255 - each for each in clip.read_bytes())
    assert b"clip.wav" not in done.stdout
    assert live[1].received == clip.read_bytes()
    assert not live[1].configs[0].audio_format.HasField("sample_rate_hertz")


def test_several_stems_do_not_go_to_standard_output(antiphon: Any, separation: Any, clip: Path) -> None:
    done = antiphon("separate", "--separation", separation[0], "--stems", "vocals", "--out", "-", clip)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"vocals, no_vocals are to come" in done.stderr


def test_a_live_pipe_is_separated_while_it_comes_and_ctrl_c_ends_it_well(live: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "antiphon_cli", "separate", "--live", "--separation", live[0]]
    command += ["--stems", "no_vocals", "--format", "s16le", "--out", "-", "-"]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), start_new_session=True, **pipes) as process:
        try:
            process.stdin.write(bytes(1003))  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            assert process.stdout.read(1000) == b"\xff" * 1000  # type: ignore[union-attr]
            assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)
            assert process.stdout.read() == b""  # type: ignore[union-attr]
            assert process.wait(60) == 0
            assert b"Ctrl-C ends" in process.stderr.read()  # type: ignore[union-attr]
        finally:
            process.kill()
    assert live[1].received == bytes(1000)
    form = live[1].configs[0].audio_format
    assert (form.sample_rate_hertz, form.channel_count) == (44_100, 2)


def test_a_reader_that_leaves_is_told_of_without_a_trace(live: Any, clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "antiphon_cli", "separate", "--live", "--separation", live[0]]
    command += ["--stems", "vocals", "--format", "s16le", "--out", "-", str(clip)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, cwd=tmp_path, env=environment(), stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["antiphon: whoever read standard output has closed it"]


def test_live_stems_go_to_a_folder_as_others_do(antiphon: Any, live: Any, clip: Path, tmp_path: Path) -> None:
    done = antiphon("separate", "--live", "--separation", live[0], "--stems", "vocals", "--format", "s16le", clip)
    assert done.returncode == 0
    assert (tmp_path / "separated" / "clip" / "vocals.s16le").read_bytes() == bytes(
        255 - each for each in clip.read_bytes()
    )


def test_a_file_without_a_known_pace_is_refused_with_a_way(antiphon: Any, live: Any, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(100))
    done = antiphon("separate", "--live", "--separation", live[0], "song.mp3", COLUMNS="")
    assert done.returncode == 1
    assert b"-ar 44100 -ac 2 - | antiphon separate --live -" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["separate"],
        ["separate", "-", "-"],
        ["separate", "--live", "clip.wav", "clip.wav"],
        ["separate", "--live", "--start", "3", "clip.wav"],
        ["separate", "--live", "--clip-mode", "rescale", "clip.wav"],
        ["separate", "--out", "-", "clip.wav"],
        ["separate", "--out", "-", "--stems", "vocals,no_vocals", "clip.wav"],
        ["separate", "--out", "-", "--stems", "vocals", "--json", "-", "clip.wav"],
        ["separate", "--out", "-", "--stems", "vocals", "clip.wav", "clip.wav"],
        ["separate", "absent.wav"],
        ["separate", "--format", "wma", "clip.wav"],
        ["separate", "--rate", "fast", "clip.wav"],
        ["separate", "--start", "3", "--end", "2", "clip.wav"],
        ["separate", "--clip-mode", "limit", "clip.wav"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_says_why(antiphon: Any, clip: Path, arguments: list[str]) -> None:
    done = antiphon(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Error: " in done.stderr


def test_a_service_that_is_not_there_exits_3(antiphon: Any, clip: Path) -> None:
    done = antiphon("separate", "--separation", "127.0.0.1:1", clip)
    assert done.returncode == 3
    assert b"antiphon up" in done.stderr
