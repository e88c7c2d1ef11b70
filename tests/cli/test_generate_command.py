"""``antiphon generate`` in a process of its own, against a generation service that makes what it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.generation.v1 import generation_service_pb2_grpc as pb_grpc
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.separation.v1 import separation_service_pb2_grpc as separation_grpc

DATA = [b"RIFF" + bytes(range(200)), b"the second half"]


class Generation(pb_grpc.GenerationServiceServicer):
    """Makes the same bytes of everything; keeps the configs and the sizes of what it was sent."""

    def __init__(self) -> None:
        self.configs: list[Any] = []
        self.sizes: list[int] = []
        self.damage = ""

    def Generate(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        config = next(requests).config
        self.configs.append(config)
        self.sizes.append(sum(len(request.chunk.data) for request in requests))
        count = max(1, len(config.prompts)) * max(1, config.pieces_per_prompt)
        yield pb.GenerateResponse(
            header=pb.GenerationHeader(
                seeds=range(5, 5 + count), encoding=config.output_encoding, sample_rate_hertz=32_000, channel_count=1
            )
        )
        for piece in range(count):
            yield self._chunk(piece, DATA[0], 0)
            yield pb.GenerateResponse(
                progress=evidence_pb2.Progress(
                    phase=evidence_pb2.Progress.PHASE_COMPUTING, fraction=0.5, audio_done=Duration(seconds=5)
                )
            )
            if self.damage != "cut":
                yield self._chunk(piece, DATA[1], len(DATA[0]) + (1 if self.damage == "gap" else 0), last=True)
        digest = hashlib.sha256(b"other" if self.damage == "digest" else b"".join(DATA)).digest()
        prompts = [prompt for prompt in config.prompts or [""] for _ in range(max(1, config.pieces_per_prompt))]
        pieces = [
            pb.Piece(
                piece=piece,
                prompt=prompt,
                seed=5 + piece,
                frame_count=320_000,
                sample_rate_hertz=32_000,
                byte_count=len(b"".join(DATA)),
                sha256=digest,
            )
            for piece, prompt in enumerate(prompts)
        ]
        model = evidence_pb2.ModelIdentity(name="tiny", license_spdx="CC-BY-NC-4.0")
        yield pb.GenerateResponse(
            summary=pb.GenerationSummary(pieces=pieces, provenance=evidence_pb2.Provenance(model=model))
        )

    @staticmethod
    def _chunk(piece: int, data: bytes, offset: int, last: bool = False) -> pb.GenerateResponse:
        chunk = audio_pb2.AudioChunk(data=data, byte_offset=offset, last=last)
        return pb.GenerateResponse(piece_chunk=pb.PieceChunk(piece=piece, chunk=chunk))


@pytest.fixture
def generation() -> Iterator[tuple[str, Generation]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Generation()
    pb_grpc.add_GenerationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


def test_a_prompt_becomes_a_file_with_its_seed_and_licence_told(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path
) -> None:
    done = antiphon("generate", "warm piano", "--seconds", "20", "--out", "x.flac", "--generation", generation[0])
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert (tmp_path / "x.flac").read_bytes() == b"".join(DATA)
    assert list(tmp_path.glob(".*.part")) == []
    assert b"warm piano: 10.0 s, seed 5" in done.stderr
    assert b"CC-BY-NC-4.0, not for commercial use" in done.stderr
    assert b"50 %" in done.stderr
    (config,) = generation[1].configs
    assert list(config.prompts) == ["warm piano"]
    assert config.duration == Duration(seconds=20)
    assert config.output_encoding == audio_pb2.OUTPUT_ENCODING_FLAC
    assert config.audio_role == pb.AUDIO_ROLE_UNSPECIFIED
    for name in ("seed", "temperature", "top_k", "top_p", "guidance_scale", "sample_rate_hertz", "audio_format"):
        assert not config.HasField(name), f"{name} is the service's to choose"
    assert generation[1].sizes == [0]


def test_every_option_reaches_the_service(antiphon: Any, generation: tuple[str, Generation]) -> None:
    options = ["--temperature", "0.5", "--top-k", "9", "--top-p", "0.9", "--guidance", "4", "--seed", "3"]
    options += ["--negative", "drums", "--rate", "44100", "--model", "tiny", "--format", "mp3", "-q"]
    done = antiphon("generate", "calm", *options, "--out", "-", "--generation", generation[0])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"".join(DATA), b"")
    (config,) = generation[1].configs
    assert (config.temperature, config.top_k, config.top_p, config.guidance_scale) == (0.5, 9, 0.9, 4.0)
    assert (config.seed, config.negative_prompt, config.sample_rate_hertz, config.model) == (3, "drums", 44_100, "tiny")
    assert config.output_encoding == audio_pb2.OUTPUT_ENCODING_MP3


@pytest.mark.parametrize(
    ("option", "role", "included"),
    [
        (["--continue", "clip"], pb.AUDIO_ROLE_CONTINUATION, True),
        (["--continue", "clip", "--new-only"], pb.AUDIO_ROLE_CONTINUATION, False),
        (["--melody", "clip"], pb.AUDIO_ROLE_MELODY, False),
    ],
)
def test_a_clip_is_sent_with_its_role(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path, option: list[str], role: int, included: bool
) -> None:
    (tmp_path / "clip").write_bytes(bytes(5000))
    done = antiphon("generate", "calm", *option, "--out", "x.wav", "--generation", generation[0])
    assert done.returncode == 0, done.stderr
    (config,) = generation[1].configs
    assert (config.audio_role, config.include_clip) == (role, included)
    assert config.audio_format.total_bytes == 5000
    assert generation[1].sizes == [5000]


def test_several_pieces_fill_a_folder(antiphon: Any, generation: tuple[str, Generation], tmp_path: Path) -> None:
    done = antiphon("generate", "one", "two", "--count", "2", "--out", "pieces", "--generation", generation[0])
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "pieces").iterdir()) == [f"piece-{n}.wav" for n in (1, 2, 3, 4)]


def test_a_player_hears_the_stream(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "bin" / "ffplay"
    player.parent.mkdir()
    player.write_text(f"#!/bin/sh\nexec cat > {tmp_path}/heard\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:/usr/bin:/bin")
    done = antiphon("generate", "calm", "--play", "--out", "x.wav", "--generation", generation[0])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "heard").read_bytes() == b"".join(DATA)
    assert (tmp_path / "x.wav").stat().st_size == len(b"".join(DATA))


def test_without_a_player_it_says_which_would_do(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    done = antiphon("generate", "calm", "--play", "--generation", generation[0])
    assert done.returncode == 1
    assert b"ffplay, mpv, aplay" in done.stderr


@pytest.mark.parametrize(
    ("damage", "reason"), [("cut", b"PIECE_INCOMPLETE"), ("gap", b"PIECE_OFFSET"), ("digest", b"PIECE_DIGEST")]
)
def test_a_damaged_piece_is_no_file(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path, damage: str, reason: bytes
) -> None:
    generation[1].damage = damage
    done = antiphon("generate", "calm", "--out", "x.wav", "--generation", generation[0])
    assert done.returncode == 1
    assert reason in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), b"--out PATH"),
        (("--out", "x.txt"), b"no format is called txt"),
        (("--out", "-", "--count", "2"), b"2 pieces"),
        (("--play", "--format", "flac"), b"--play plays wav"),
        (("--out", "x.wav", "--seconds", "0"), b"'--seconds': 0.0 is not in the range"),
        (("--out", "x.wav", "--continue", "clip", "--melody", "clip"), b"not both"),
        (("--out", "x.wav", "--tls-cert", "clip"), b"--tls-key"),
        (("--out", "x.wav", "--seconds", "-1"), b"'--seconds': -1.0 is not in the range"),
        (("--out", "x.wav", "--seconds", "nan"), b"'--seconds': nan is not finite"),
        (("--out", "x.wav", "--seconds", "1e9"), b"'--seconds': 1000000000.0 is not in the range"),
        (("--out", "x.wav", "--seed", "-1"), b"'--seed': -1 is not in the range"),
        (("--out", "x.wav", "--seed", "9223372036854775808"), b"'--seed': 9223372036854775808 is not in the range"),
        (("--out", "x.wav", "--count", "0"), b"--count"),
        (("--out", "x.wav", "--new-only"), b"--continue"),
        (("--out", "x.wav", "--melody-stem", "vocals"), b"--melody"),
        (("--out", "x.wav", "--continue", "nowhere.wav"), b"nowhere.wav"),
        (("--out", "x.wav", "--prompts", "nowhere.txt"), b"No such file"),
        (("--out", "x.wav", "--prompts", "blank"), b"no prompt"),
        (("--out", "x.wav", "--prompts", "latin"), b"UTF-8"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(
    antiphon: Any, tmp_path: Path, arguments: tuple[str, ...], words: bytes
) -> None:
    (tmp_path / "clip").write_bytes(b"clip")
    (tmp_path / "blank").write_bytes(b"\n \n")
    (tmp_path / "latin").write_bytes("für Elise\n".encode("latin-1"))
    done = antiphon("generate", "calm", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_nobody_at_the_other_end_is_exit_code_3(antiphon: Any, unused_tcp_port: int) -> None:
    done = antiphon("generate", "calm", "--out", "x.wav", "--generation", f"127.0.0.1:{unused_tcp_port}")
    assert done.returncode == 3
    assert b"Is the generation service running" in done.stderr


def test_a_file_of_prompts_is_made_batch_by_batch_with_seeds_that_go_on(
    antiphon: Any, generation: tuple[str, Generation], tmp_path: Path
) -> None:
    (tmp_path / "ideas.txt").write_text("\ufeffwarm piano\n\n  surf rock  \ncalm\n", encoding="utf-8")
    options = ["--prompts", "ideas.txt", "--count", "2", "--batch", "4", "--seed", "10", "--out", "pieces"]
    done = antiphon("generate", "first", *options, "--generation", generation[0])
    assert done.returncode == 0, done.stderr
    asked = [(list(config.prompts), config.pieces_per_prompt, config.seed) for config in generation[1].configs]
    assert asked == [(["first", "warm piano"], 2, 10), (["surf rock", "calm"], 2, 14)]
    assert sorted(path.name for path in (tmp_path / "pieces").iterdir()) == [f"piece-{n}.wav" for n in range(1, 9)]
    assert done.stderr.count(b"CC-BY-NC-4.0") == 1


def test_prompts_come_from_standard_input(antiphon: Any, generation: tuple[str, Generation], tmp_path: Path) -> None:
    done = antiphon("generate", "--prompts", "-", "--out", "x.wav", "--generation", generation[0], stdin=b"calm\n")
    assert done.returncode == 0, done.stderr
    assert [list(config.prompts) for config in generation[1].configs] == [["calm"]]


class Separation(separation_grpc.SeparationServiceServicer):
    """Gives the one stem that is asked for; keeps the configs."""

    def __init__(self) -> None:
        self.configs: list[Any] = []

    def Separate(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        config = next(requests).config
        self.configs.append(config)
        sent = sum(len(request.chunk.data) for request in requests)
        if config.stems[0] == "lute":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no stem is called lute")
        data = f"{config.stems[0]} of {sent} bytes".encode()
        yield separation_pb2.SeparateResponse(
            header=separation_pb2.SeparationHeader(stems=config.stems, encoding=config.output_encoding)
        )
        yield separation_pb2.SeparateResponse(progress=evidence_pb2.Progress(fraction=0.5, step="separating"))
        chunk = audio_pb2.AudioChunk(data=data, byte_offset=0, last=True)
        yield separation_pb2.SeparateResponse(stem_chunk=separation_pb2.StemChunk(stem=config.stems[0], chunk=chunk))
        stem = separation_pb2.Stem(
            name=config.stems[0], byte_count=len(data), sha256=hashlib.sha256(data).digest(), frame_count=1
        )
        yield separation_pb2.SeparateResponse(summary=separation_pb2.SeparationSummary(stems=[stem]))


@pytest.fixture
def separation() -> Iterator[tuple[str, Separation]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Separation()
    separation_grpc.add_SeparationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


def test_the_tune_of_a_stem_is_followed(
    antiphon: Any, generation: tuple[str, Generation], separation: tuple[str, Separation], tmp_path: Path
) -> None:
    (tmp_path / "song").write_bytes(bytes(5000))
    targets = ["--generation", generation[0], "--separation", separation[0]]
    done = antiphon("generate", "brass", "--melody", "song", "--melody-stem", "vocals", "--out", "x.wav", *targets)
    assert done.returncode == 0, done.stderr
    (asked,), (config,) = separation[1].configs, generation[1].configs
    assert (list(asked.stems), asked.output_encoding) == (["vocals"], audio_pb2.OUTPUT_ENCODING_FLAC)
    assert config.audio_role == pb.AUDIO_ROLE_MELODY
    assert generation[1].sizes == [len(b"vocals of 5000 bytes")]
    assert b"separation: 50 %" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song", "x.wav"]


@pytest.mark.parametrize(("stem", "code", "words"), [("lute", 1, b"no stem is called lute"), ("vocals", 3, b"running")])
def test_a_stem_that_cannot_be_had_ends_it_before_anything_is_generated(
    antiphon: Any,
    generation: tuple[str, Generation],
    separation: tuple[str, Separation],
    tmp_path: Path,
    unused_tcp_port: int,
    stem: str,
    code: int,
    words: bytes,
) -> None:
    (tmp_path / "song").write_bytes(bytes(5000))
    where = separation[0] if code == 1 else f"127.0.0.1:{unused_tcp_port}"
    options = ["--melody", "song", "--melody-stem", stem, "--out", "x.wav"]
    done = antiphon("generate", "brass", *options, "--generation", generation[0], "--separation", where)
    assert done.returncode == code
    assert words in done.stderr
    assert b"separation service" in done.stderr or code == 1
    assert generation[1].configs == []


def test_the_help_has_examples_and_every_option(antiphon: Any) -> None:
    done = antiphon("generate", "--help")
    assert done.returncode == 0
    for words in (b"--melody-stem", b"--prompts", b"--batch", b"Examples:", b"--continue intro.flac"):
        assert words in done.stdout
