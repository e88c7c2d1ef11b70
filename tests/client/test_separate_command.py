"""``antiphon separate`` against a service that speaks the real protocol and keeps what it was sent."""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.separation.v1 import separation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2_grpc as pb_grpc

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


def _chunk(stem: str, data: bytes, offset: int, *, last: bool) -> pb.SeparateResponse:
    chunk = audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last)
    return pb.SeparateResponse(stem_chunk=pb.StemChunk(stem=stem, chunk=chunk))


@pytest.fixture
def separation() -> Iterator[tuple[str, Separation]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Separation()
    pb_grpc.add_SeparationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


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
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        f"{name}.mp3": data for name, data in STEMS.items()
    }
    assert done.stdout.decode().splitlines() == [
        "out/vocals.mp3, peak -0.5 dBFS, -14.2 LUFS, 25.0 % of the energy",
        "out/no_vocals.mp3, peak -0.5 dBFS, -14.2 LUFS, 7 samples clipped; see --clip-mode rescale",
        "by spleeter-2stems, licence MIT, on cpu, gain -1.50 dB",
    ]
    assert b"AUDIO_TRUNCATED" in done.stderr


def test_progress_is_told_with_the_time_left_once_that_is_known(antiphon: Any, separation: Any, clip: Path) -> None:
    done = antiphon("separate", "--separation", separation[0], clip)
    lines = [line.strip() for line in done.stderr.decode().splitlines()]
    assert lines[:2] == ["separation: 25 %, about 1:28 min left", "separation: 50 %, about 1:03 min left"]
    quiet = antiphon("separate", "-q", "--separation", separation[0], clip)
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
    first, second = json.loads(done.stdout)
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


@pytest.mark.parametrize(
    "arguments",
    [
        ["separate"],
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
