"""``antiphon compare`` in a process of its own, against a service whose sides say what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as pb_grpc


class Judge(pb_grpc.LlmAudioServiceServicer):
    """Has side b take twice as long as side a and one second more for each file; ``absent`` is not supported."""

    def __init__(self) -> None:
        self.configs: list[pb.ComparisonConfig] = []
        self.bytes: list[int] = []

    def Compare(self, requests: Iterator[pb.CompareRequest], context: Any) -> Iterator[pb.CompareResponse]:
        config = next(requests).config
        self.configs.append(config)
        self.bytes.append(sum(len(request.chunk.data) for request in requests))
        if config.facts_json == '{"refuse": 1}':
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")
        header = pb.ComparisonHeader(sides=config.sides, prompts=[each.name for each in config.prompts] or ["full"])
        yield pb.CompareResponse(header=header)
        answered = []
        for side in config.sides:
            outcome = pb.SideOutcome(side=side.name)
            if side.engine == "absent":
                outcome.state = pb.SIDE_STATE_UNSUPPORTED
                outcome.error.code = code_pb2.FAILED_PRECONDITION
                outcome.error.message = "not here"
                info = any_pb2.Any()
                info.Pack(error_details_pb2.ErrorInfo(reason="MODEL_NOT_INSTALLED", domain="antiphon"))
                outcome.error.details.append(info)
            else:
                answered.append(side.name)
                for prompt in header.prompts:
                    claim = pb.Claim(kind=pb.Claim.KIND_TEMPO, text="90", supported=side.name == "a")
                    answer = pb.Answer(
                        prompt=prompt, key=f"description_{prompt}", text=f"{side.name} | \x1bsays", claims=[claim]
                    )
                    yield pb.CompareResponse(answer=pb.SideAnswer(side=side.name, answer=answer))
                outcome.state = pb.SIDE_STATE_ANSWERED
                outcome.measures.answer_duration.seconds = 1 if side.name == "a" else 2 + len(self.configs)
                outcome.measures.peak_memory_bytes = 1_000_000
                outcome.summary.usage.answer_token_count = 7
            yield pb.CompareResponse(outcome=outcome)
        summary = pb.ComparisonSummary(answered=answered)
        if len(answered) > 1:
            row = summary.agreements.add(a="a", b="b", chrf=50.0 + len(self.configs), token_f1=0.5)
            row.claims.add(kind=pb.Claim.KIND_KEY, agreement=1.0, both=["C major"])
            row.claims.add(kind=pb.Claim.KIND_TEMPO)
        yield pb.CompareResponse(summary=summary)


@pytest.fixture
def judge() -> Iterator[tuple[str, Judge]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Judge()
    pb_grpc.add_LlmAudioServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


def test_both_answers_their_cost_and_their_agreement_are_printed(antiphon: Any, judge: Any, clip: Path) -> None:
    done = antiphon(
        "compare", clip, "--a", "text-gguf/m", "--b", "hears,seed=3,temperature=0.5", "--llm-audio", judge[0]
    )
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "a: text-gguf/m\n" in text
    assert "b: hears, temperature=0.5, seed=3\n" in text
    assert "a | \ufffdsays" in text
    assert "chrF, 0 to 100: 51" in text
    assert "keys agree: 1" in text
    assert "tempi agree" not in text
    (config,) = judge[1].configs
    assert [(side.name, side.engine, side.model) for side in config.sides] == [
        ("a", "text-gguf", "m"),
        ("b", "hears", ""),
    ]
    assert config.sides[1].sampling == pb.Sampling(temperature=0.5, seed=3)
    assert judge[1].bytes == [clip.stat().st_size]


def test_over_several_files_the_report_has_means_with_intervals(
    antiphon: Any, judge: Any, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "records").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.wav").write_bytes(clip.read_bytes())
        (tmp_path / "records" / f"{name}.json").write_text(json.dumps({"tempo": len(name)}))
    (tmp_path / "bare.json").write_text('{"tempo": 90}')
    names = ["one.wav", "two.wav", "three.wav", "bare.json"]
    sides = ["--a", "x", "--b", "y", "--llm-audio", judge[0]]
    done = antiphon("compare", *names, *sides, "--facts", "records", "--out", "out", "--resamples", "500", "-q")
    assert done.returncode == 0
    assert [json.loads(config.facts_json)["tempo"] for config in judge[1].configs] == [3, 3, 5, 90]
    assert judge[1].bytes[3] == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    (pair,) = report["pairs"]
    longer = pair["b_less_a"]["answer_seconds"]
    assert (longer["mean"], longer["files"]) == (3.5, 4)
    assert 2 <= longer["low"] < 3.5 < longer["high"] <= 5
    assert pair["b_less_a"]["answer_tokens"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "files": 4}
    assert pair["b_less_a"]["claims_held"]["mean"] == -1.0
    assert pair["agreement"]["chrf"]["mean"] == 52.5
    assert "tempo" not in pair["agreement"]
    assert report["bootstrap"] == {"resamples": 500, "confidence": 0.95, "seed": 0}
    assert report["files"]["one.wav"]["sides"]["a"]["answers"] == {"music_flamingo_full": "a | \x1bsays"}
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert "Comparison over 4 files" in markdown
    assert "all answers, s" in markdown
    assert "\x1b" not in markdown
    assert json.loads((tmp_path / "out" / "bare.json").read_text())["summary"]["answered"] == ["a", "b"]
    # Every row of a table has as many cells as its head.
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_a_side_that_is_not_supported_is_told_and_ends_with_1(
    antiphon: Any, judge: Any, clip: Path, tmp_path: Path
) -> None:
    done = antiphon("compare", clip, "--a", "x", "--b", "absent", "--llm-audio", judge[0], "--out", "out")
    assert done.returncode == 1
    assert b"unsupported: MODEL_NOT_INSTALLED: not here" in done.stdout
    assert b"nothing to compare" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["files"]["clip.wav"]["sides"]["b"]["state"] == "unsupported"
    assert report["pairs"][0]["agreement"] == {}


def test_a_file_that_is_refused_does_not_keep_the_others_from_their_report(
    antiphon: Any, judge: Any, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text('{"refuse": 1}')
    (tmp_path / "good.json").write_text("{}")
    done = antiphon("compare", "bad.json", "good.json", "--a", "x", "--b", "y", "--llm-audio", judge[0])
    assert done.returncode == 1
    assert b"bad: INVALID_ARGUMENT" in done.stderr
    assert b"good\n" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "--a", "x", "--b", "y"],
        ["compare", "clip.wav", "--a", "x"],
        ["compare", "clip.wav", "--a", "x", "--b", "y,volume=3"],
        ["compare", "clip.wav", "--a", "x", "--b", "y,seed"],
        ["compare", "clip.wav", "two.wav", "--a", "x", "--b", "y", "--facts", "facts.json"],
        ["compare", "clip.wav", "--a", "x", "--b", "y", "--tls-cert", "clip.wav"],
    ],
)
def test_wrong_usage_ends_with_2(antiphon: Any, clip: Path, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "facts.json").write_text("{}")
    (tmp_path / "two.wav").write_bytes(clip.read_bytes())
    assert antiphon(*arguments).returncode == 2


def test_facts_that_are_missing_and_a_service_that_is_not_there_are_told(
    antiphon: Any, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "records").mkdir()
    done = antiphon("compare", clip, "--a", "x", "--b", "y", "--facts", "records")
    assert (done.returncode, b"clip.json" in done.stderr) == (1, True)
    gone = antiphon("compare", clip, "--a", "x", "--b", "y", "--llm-audio", "127.0.0.1:1", "--timeout", "5")
    assert (gone.returncode, b"antiphon up" in gone.stderr) == (3, True)
