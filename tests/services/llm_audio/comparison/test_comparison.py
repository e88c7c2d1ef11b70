"""Comparisons over the wire: equal sides, different ones, sides that cannot answer, and calls that end early."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_client import AntiphonClientError, Client
from chassis.models import Store
from standins import tiny_flamingo
from tests.fixtures import recordings
from tests.services.llm_audio.conftest import SMOL, SONG, Serve
from tests.services.llm_audio.tiny_stores import TINY, Shop, flamingo, tone

pytestmark = pytest.mark.weights
FACTS = json.dumps(SONG)
TEXT = pb.Side(engine="text-gguf")
DRAWN = pb.Side(name="drawn", engine="text-gguf", sampling=pb.Sampling(temperature=1.2, seed=5))
HEARS = pb.Side(name="flamingo", model=TINY)
SHORT = pb.Sampling(max_tokens=8)
TWO = [pb.Prompt(name="full"), pb.Prompt(name="technical")]
ENDLESS = pb.Sampling(max_tokens=3000, temperature=2, top_p=1, seed=1)  # of nonsense, which does not end by itself


def config(*sides: pb.Side, **more: Any) -> pb.ComparisonConfig:
    more.setdefault("facts_json", FACTS)
    more.setdefault("sampling", SHORT)
    more.setdefault("check_claims", False)  # an answer that is asked once more takes twice as long
    return pb.ComparisonConfig(sides=sides or (TEXT, TEXT), **more)


@dataclass
class Heard:
    """What a comparison answered, sorted."""

    order: list[str] = field(default_factory=list)
    header: pb.ComparisonHeader = field(default_factory=pb.ComparisonHeader)
    pieces: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[pb.Answer]] = field(default_factory=dict)
    outcomes: dict[str, pb.SideOutcome] = field(default_factory=dict)
    summary: pb.ComparisonSummary = field(default_factory=pb.ComparisonSummary)

    def accept(self, event: Any) -> None:
        self.order.append(getattr(event, "side", type(event).__name__))
        if isinstance(event, pb.ComparisonHeader):
            self.header = event
        elif isinstance(event, pb.SidePiece):
            self.pieces[event.side] = self.pieces.get(event.side, "") + event.piece.text
        elif isinstance(event, pb.SideAnswer):
            self.answers.setdefault(event.side, []).append(event.answer)
        elif isinstance(event, pb.SideOutcome):
            self.outcomes[event.side] = event
        elif isinstance(event, pb.ComparisonSummary):
            self.summary = event

    def reason(self, side: str) -> str:
        """Why a side did not answer."""
        from antiphon_client.errors import from_status

        return from_status(self.outcomes[side].error).reason


async def compared(client: Client, given: pb.ComparisonConfig, audio: bytes | None = None) -> Heard:
    heard = Heard()
    async for event in client.compare(audio, given, timeout_seconds=120):
        heard.accept(event)
    return heard


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, store: Store, smol: Path) -> Shop:
    """A store with the tiny model that hears, and the real one that writes."""
    shop = flamingo(
        tmp_path_factory.mktemp("both"),
        {"lm.gguf": tiny_flamingo.write_language_model, "mmproj.gguf": tiny_flamingo.write_projector},
    )
    for file in store.manifest.model(SMOL).files:
        path = shop.store.blobs.path(file.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by a symbolic link: a worker may read its store, and nothing that lies elsewhere.
        shutil.copyfile(store.blobs.path(file.sha256), path)
    return shop


def clip(seconds: float = 3.0) -> bytes:
    return recordings.wav(tone(seconds), 16_000)


async def test_a_model_against_itself_gives_no_difference(serve: Serve) -> None:
    async with serve() as (_, client):
        heard = await compared(client, config(prompts=TWO))
    assert [side.name for side in heard.header.sides] == ["a", "b"]
    assert [side.model for side in heard.header.sides] == [SMOL, SMOL]
    assert list(heard.header.prompts) == ["full", "technical"]
    (agreement,) = heard.summary.agreements
    assert (agreement.a, agreement.b) == ("a", "b")
    assert (agreement.identical, agreement.chrf, agreement.token_f1) == (True, 100.0, 1.0)
    assert all(not each.only_a and not each.only_b for each in agreement.claims)
    one, other = heard.answers["a"], heard.answers["b"]
    assert [answer.SerializeToString() for answer in one] == [answer.SerializeToString() for answer in other]
    assert [answer.key for answer in one] == ["description_full", "description_technical"]
    assert one[0].text


async def test_what_each_side_costs_is_measured_and_each_loads_anew(serve: Serve) -> None:
    async with serve() as (_, client):
        heard = await compared(client, config())
    for outcome in heard.outcomes.values():
        cost = outcome.measures
        load, first, whole = (
            duration.ToNanoseconds() / 1e9
            for duration in (cost.load_duration, cost.first_text_duration, cost.answer_duration)
        )
        assert load > 0.001  # a hundred megabytes are not mapped and checked in less
        assert 0 < first < whole
        assert cost.tokens_per_second > 0
        tokens = outcome.summary.usage.answer_token_count
        assert (tokens - 1) / cost.tokens_per_second < whole
        assert cost.cpu_duration.ToNanoseconds() > 0
        # The weights have 98 MB, which llama.cpp maps and reads through.
        assert cost.peak_memory_bytes - cost.memory_before_bytes > 50_000_000
        assert outcome.summary.provenance.model.name == SMOL
        assert outcome.summary.provenance.engine == "text-gguf"


async def test_sides_may_differ_in_how_tokens_are_chosen(serve: Serve) -> None:
    async with serve() as (_, client):
        heard = await compared(client, config(TEXT, DRAWN))
        described = [
            event
            async for event in client.describe(
                None,
                pb.DescriptionConfig(
                    facts_json=FACTS, check_claims=False, sampling=pb.Sampling(max_tokens=8, temperature=1.2, seed=5)
                ),
            )
        ]
    (agreement,) = heard.summary.agreements
    assert not agreement.identical
    assert 0 < agreement.chrf < 100
    assert heard.outcomes["drawn"].summary.provenance.parameters["temperature"] == "1.2"
    assert heard.outcomes["a"].summary.provenance.parameters["do_sample"] == "false"
    assert "max_tokens" in heard.outcomes["drawn"].summary.provenance.parameters
    alone = next(event for event in described if isinstance(event, pb.Answer))
    assert heard.answers["drawn"][0].text == alone.text


async def test_a_model_that_hears_and_one_that_writes_are_compared_on_one_upload(serve: Serve, both: Shop) -> None:
    async with serve(both.store.root, both.manifest) as (_, client):
        heard = await compared(client, config(TEXT, HEARS, HEARS_TOO), clip())
    assert list(heard.summary.answered) == ["a", "flamingo", "again"]
    digests = {name: outcome.summary.provenance.pcm_sha256 for name, outcome in heard.outcomes.items()}
    assert digests["a"] == b""
    assert digests["flamingo"] == digests["again"] == heard.summary.source.pcm_sha256
    assert len(digests["again"]) == 32
    assert {answer.key.removesuffix(answer.prompt) for answer in heard.answers["a"]} == {"description_"}
    assert {answer.key.removesuffix(answer.prompt) for answer in heard.answers["flamingo"]} == {"music_flamingo_"}
    pairs = {(each.a, each.b): each for each in heard.summary.agreements}
    assert pairs["flamingo", "again"].identical
    assert not pairs["a", "flamingo"].identical
    assert heard.outcomes["a"].summary.heard_audio is False
    assert heard.outcomes["flamingo"].summary.heard_audio is True


HEARS_TOO = pb.Side(name="again", engine="music-flamingo-gguf", model=TINY)


async def test_sides_come_in_turn_and_each_piece_says_whose_it_is(serve: Serve) -> None:
    async with serve() as (_, client):
        heard = await compared(client, config())
    assert heard.order[0] == "ComparisonHeader"
    assert heard.order[-1] == "ComparisonSummary"
    sides = heard.order[1:-1]
    assert sides == sorted(sides)
    for name in ("a", "b"):
        assert heard.answers[name][0].text in heard.pieces[name]


def span(outcome: pb.SideOutcome) -> tuple[float, float]:
    """When a side's work began and ended, in seconds."""
    made = outcome.summary.provenance
    began = made.start_time.ToNanoseconds() / 1e9
    return began, began + made.compute_duration.ToNanoseconds() / 1e9


async def test_side_by_side_the_rest_waits_where_there_are_too_few_workers(serve: Serve) -> None:
    async with serve() as (_, client):
        heard = await compared(client, config(side_by_side=True))
    assert heard.summary.agreements[0].identical
    assert [warning.reason for warning in heard.summary.warnings] == ["SIDES_IN_TURN"]
    one, other = sorted(map(span, heard.outcomes.values()))
    assert one[1] <= other[0]


async def test_side_by_side_two_workers_answer_at_the_same_time(serve: Serve, wait: Callable[..., Any]) -> None:
    async with serve(workers=2) as (host, client):
        await wait(lambda: host.pool.status.ready == 2)
        heard = await compared(client, config(side_by_side=True))
        assert host.pool.admitted == 0
    assert heard.summary.agreements[0].identical
    assert not heard.summary.warnings
    one, other = sorted(map(span, heard.outcomes.values()))
    assert other[0] < one[1]


@pytest.mark.parametrize(
    ("side", "audio", "reason"),
    [
        (pb.Side(name="x", engine="music-flamingo-gguf"), True, "MODEL_NOT_INSTALLED"),
        (pb.Side(name="x", model="not-there"), True, "MODEL_NOT_INSTALLED"),
        (HEARS_TOO, False, "AUDIO_MISSING"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_side_that_cannot_answer_is_told_of_and_the_others_stand(
    serve: Serve, both: Shop, tmp_path: Path, side: pb.Side, audio: bool, reason: str
) -> None:
    manifest = tmp_path / "extra.toml"
    row = '\n[[models]]\nname = "not-there"\nengine = "text-gguf"\ndefault = false\nstarter = false\nrevision = "1"\n'
    row += 'license_spdx = "CC0-1.0"\ncommercial_use = true\n[[models.files]]\nname = "x.gguf"\nsize = 9\n'
    row += f'sha256 = "{"ab" * 32}"\nsources = [{{ kind = "https", url = "https://example.invalid/x" }}]\n'
    manifest.write_text(both.manifest.read_text() + row)
    async with serve(both.store.root, manifest) as (_, client):
        heard = await compared(client, config(side, TEXT, DRAWN), clip() if audio else None)
    outcome = heard.outcomes[side.name]
    assert outcome.state == pb.SIDE_STATE_UNSUPPORTED
    assert heard.reason(side.name) == reason
    assert not outcome.HasField("measures")
    assert not outcome.HasField("summary")
    assert list(heard.summary.answered) == ["b", "drawn"]
    assert list(heard.summary.unanswered) == [side.name]
    assert [(each.a, each.b) for each in heard.summary.agreements] == [("b", "drawn")]


async def test_where_no_two_sides_answer_there_is_nothing_to_judge(serve: Serve, both: Shop) -> None:
    async with serve(both.store.root, both.manifest) as (_, client):
        heard = await compared(client, config(TEXT, HEARS, facts_json=""), None)
    assert (heard.reason("a"), heard.reason("flamingo")) == ("FACTS_MISSING", "AUDIO_MISSING")
    assert not heard.summary.agreements
    assert list(heard.summary.answered) == []


BAD: list[tuple[pb.ComparisonConfig, str, str]] = [
    (pb.ComparisonConfig(), "SIDES_COUNT", "config.sides"),
    (pb.ComparisonConfig(sides=[TEXT]), "SIDES_COUNT", "config.sides"),
    (pb.ComparisonConfig(sides=[TEXT] * 5), "SIDES_COUNT", "config.sides"),
    (config(pb.Side(name="b", engine="text-gguf"), TEXT), "SIDE_REPEATED", "config.sides[1].name"),
    (config(TEXT, pb.Side(name="../x")), "SIDE_NAME", "config.sides[1].name"),
    (config(TEXT, pb.Side(engine="gpt")), "UNKNOWN_ENGINE", "config.sides[1].engine"),
    (config(TEXT, pb.Side(model="gpt")), "UNKNOWN_MODEL", "config.sides[1].model"),
    (
        config(TEXT, pb.Side(engine="music-flamingo-gguf", model=SMOL)),
        "ENGINE_OF_MODEL",
        "config.sides[1].engine",
    ),
    (config(TEXT, pb.Side(sampling=pb.Sampling(top_p=7))), "SAMPLING", "config.sampling.top_p"),
    (config(facts_json="["), "FACTS_JSON", "config.facts_json"),
    (config(prompts=[pb.Prompt(name="fool")]), "PROMPT_UNKNOWN", "config.prompts[0].name"),
    (config(json_schema="{"), "JSON_SCHEMA", "config.json_schema"),
]


async def test_bad_input_is_refused_before_anyone_answers(serve: Serve) -> None:
    async with serve() as (_, client):
        for given, reason, path in BAD:
            heard = Heard()
            with pytest.raises(AntiphonClientError) as caught:
                async for event in client.compare(None, given, timeout_seconds=120):
                    heard.accept(event)
            assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
            assert caught.value.fields[0][0] == path
            assert not heard.answers
        assert (await compared(client, config())).summary.agreements


async def test_audio_that_is_none_is_refused(serve: Serve, both: Shop) -> None:
    async with serve(both.store.root, both.manifest) as (_, client):
        with pytest.raises(AntiphonClientError) as caught:
            await compared(client, config(HEARS, TEXT), b"no audio at all " * 100)
        assert caught.value.code == "INVALID_ARGUMENT"


def _text(event: Any) -> bool:
    return isinstance(event, pb.SidePiece)


async def test_a_cancel_frees_the_worker_and_the_places(serve: Serve, wait: Callable[..., Any]) -> None:
    async with serve(workers=2) as (host, client):
        given = config(side_by_side=True, sampling=ENDLESS)
        async with aclosing(client.compare(None, given, timeout_seconds=120)) as events:
            async for event in events:
                if _text(event):
                    break
        await wait(lambda: host.pool.admitted == 0 and host.pool.ready)
        assert (await compared(client, config())).summary.agreements


async def test_a_deadline_ends_a_comparison(serve: Serve) -> None:
    async with serve() as (_, client):
        with pytest.raises(AntiphonClientError) as caught:
            async for _ in client.compare(None, config(sampling=ENDLESS), timeout_seconds=1.0):
                pass
        assert caught.value.code == "DEADLINE_EXCEEDED"
        assert (await compared(client, config())).summary.agreements


async def test_kill_9_of_a_sides_worker_is_told_and_the_other_side_answers(serve: Serve) -> None:
    heard = Heard()
    async with serve() as (host, client):
        killed: list[int] = []
        given = config(pb.Side(name="a", sampling=ENDLESS), pb.Side(name="b"), prompts=TWO)
        async for event in client.compare(None, given, timeout_seconds=120):
            heard.accept(event)
            if _text(event) and not killed:
                killed = list(host.pool.pids)
                for pid in killed:
                    psutil.Process(pid).kill()
        assert heard.outcomes["a"].state == pb.SIDE_STATE_FAILED
        assert heard.reason("a") == "WORKER_LOST"
        assert heard.outcomes["b"].state == pb.SIDE_STATE_ANSWERED
        assert len(heard.answers["b"]) == len(TWO)
        assert list(heard.summary.unanswered) == ["a"]
        assert not heard.summary.agreements


async def test_a_full_queue_refuses_a_comparison_side_by_side(serve: Serve) -> None:
    async with serve(max_pending=0) as (_, client):
        with pytest.raises(AntiphonClientError) as caught:
            await compared(client, config(side_by_side=True))
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert (await compared(client, config())).summary.agreements
