"""``antiphon describe`` in a process of its own, against a service that writes what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc
from antiphon_cli.prompting import NAMES


class Writer(pb_grpc.LlmAudioServiceServicer):
    """Answers every prompt with its own name, at the second attempt; keeps what it was sent."""

    def __init__(self) -> None:
        self.configs: list[pb.DescriptionConfig] = []
        self.bytes: list[int] = []

    def Describe(self, requests: Iterator[pb.DescribeRequest], context: Any) -> Iterator[pb.DescribeResponse]:
        config = next(requests).config
        self.configs.append(config)
        self.bytes.append(sum(len(request.chunk.data) for request in requests))
        for prompt in config.prompts or [pb.Prompt(name="full")]:
            for attempt, text in ((1, "no"), (2, f"about {prompt.name}\x1b")):
                yield pb.DescribeResponse(piece=pb.TextPiece(prompt=prompt.name, text=text, attempt=attempt))
            yield pb.DescribeResponse(answer=pb.Answer(prompt=prompt.name, text=f"about {prompt.name}\x1b"))
        summary = pb.DescriptionSummary()
        summary.warnings.add(reason="CLAIMS_UNSUPPORTED", message="7 of them")
        yield pb.DescribeResponse(summary=summary)


@pytest.fixture
def writer() -> Iterator[tuple[str, Writer]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Writer()
    pb_grpc.add_LlmAudioServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


def test_the_answer_alone_goes_to_standard_output(antiphon: Any, writer: Any, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text('{"tempo": 120}')
    done = antiphon("describe", "--llm-audio", writer[0], "--facts", "facts.json")
    assert (done.returncode, done.stdout.decode()) == (0, "about full�\n")
    assert b"CLAIMS_UNSUPPORTED: 7 of them" in done.stderr
    (config,) = writer[1].configs
    assert config.facts_json == '{"tempo": 120}'
    assert writer[1].bytes == [0], "no audio was sent"


def test_names_and_questions_become_prompts_and_each_answer_has_its_title(
    antiphon: Any, writer: Any, clip: Path
) -> None:
    done = antiphon("describe", "--llm-audio", writer[0], "-q", "--no-facts", "-p", "technical", "-p", "Why?", clip)
    assert done.stdout.decode() == "technical:\nabout technical�\n\nprompt_1:\nabout prompt_1�\n"
    assert done.stderr == b""
    (config,) = writer[1].configs
    assert [(prompt.name, prompt.text) for prompt in config.prompts] == [("technical", ""), ("prompt_1", "Why?")]
    assert writer[1].bytes == [clip.stat().st_size]


def test_sampling_engine_and_schema_are_sent_only_as_given(antiphon: Any, writer: Any, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text("{}")
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    base = ["describe", "--llm-audio", writer[0], "-q", "--facts", "facts.json"]
    more = [
        "--temperature",
        "0.5",
        "--seed",
        "7",
        "--max-tokens",
        "9",
        "--engine",
        "text-gguf",
        "--schema",
        "schema.json",
    ]
    assert antiphon(*base).returncode == antiphon(*base, *more).returncode == 0
    bare, full = writer[1].configs
    assert bare.sampling == pb.Sampling()
    assert full.sampling == pb.Sampling(temperature=0.5, seed=7, max_tokens=9)
    assert (full.engine, full.json_schema) == ("text-gguf", '{"type": "object"}')


def test_of_a_record_the_parts_that_are_facts_are_sent(antiphon: Any, writer: Any, tmp_path: Path) -> None:
    features = {"rhythm": {"bpm": 120.0}, "series": {"beat_seconds": [1.0]}}
    record = {"schema_version": 1, "essentia": {"features": features}, "speech": {}, "separation": {}}
    record["fusion"] = {"tempo": {"bpm": 120.0}, "lyrics": {"text": "la"}, "description": {"text": "A song."}}
    (tmp_path / "record.json").write_text(json.dumps(record))
    assert antiphon("describe", "--llm-audio", writer[0], "--facts", "record.json").returncode == 0
    assert json.loads(writer[1].configs[0].facts_json) == {
        "essentia": {"features": {"rhythm": {"bpm": 120.0}}},
        "speech": {},
        "fusion": {"tempo": {"bpm": 120.0}},
    }


def test_json_on_standard_output_is_one_document(antiphon: Any, writer: Any, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text("{}")
    done = antiphon("describe", "--llm-audio", writer[0], "--facts", "facts.json", "--json", "-")
    assert json.loads(done.stdout)["answers"][0]["prompt"] == "full"


@pytest.mark.parametrize(
    "arguments",
    [
        ["describe"],
        ["describe", "absent.wav"],
        ["describe", "--facts", "facts.json", "--no-facts", "clip.wav"],
        ["describe", "--temperature", "3", "clip.wav"],
        ["describe", "--max-tokens", "0", "clip.wav"],
        ["describe", "--tls-cert", "clip.wav", "clip.wav"],
    ],
)
def test_wrong_usage_ends_with_2(antiphon: Any, clip: Path, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "facts.json").write_text("{}")
    assert antiphon(*arguments).returncode == 2


def test_facts_that_are_no_json_and_a_service_that_is_not_there_are_told(
    antiphon: Any, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "facts.json").write_text("tempo 120")
    done = antiphon("describe", "--facts", "facts.json")
    assert (done.returncode, b"is no JSON" in done.stderr) == (2, True)
    gone = antiphon("describe", "--llm-audio", "127.0.0.1:1", "--no-facts", "--timeout", "5", clip)
    assert (gone.returncode, b"antiphon up" in gone.stderr) == (3, True)


def test_the_names_are_those_of_the_service(antiphon: Any) -> None:
    shown = " ".join(antiphon("describe", "--help").stdout.decode().split())
    assert all(name in shown for name in NAMES)
