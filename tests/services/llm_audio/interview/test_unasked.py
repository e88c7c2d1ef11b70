"""A model is not asked about nothing; what is said then is what the facts say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import Answer, Prompt, Summary
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from tests.services.llm_audio.conftest import SMOL
from tests.services.llm_audio.scripted_tasks import describe, tell
from tests.services.llm_audio.tiny_stores import RATE, TINY, flamingo, tone

SECONDS = np.arange(4 * RATE) / RATE
NOTHING = {
    "AUDIO_SILENT": (np.zeros(SECONDS.size), "The recording is silent."),
    "AUDIO_FAINT": (np.random.default_rng(0).normal(0, 1e-4, SECONDS.size), "The recording is all but silent."),
    "AUDIO_STEADY": (0.3 * np.sin(880 * np.pi * SECONDS), "The recording is a single sound that stays the same."),
    "AUDIO_CLICKS": (np.where(SECONDS % 0.5 < 0.001, 0.5, 0), "The recording is nothing but clicks."),
}
SILENT = {"essentia": {"features": {"signal": {"duration_seconds": 9.0}}, "summary": {"warnings": []}}}
SILENT["essentia"]["summary"]["warnings"] = [{"reason": "AUDIO_SILENT"}]  # type: ignore[dict-item]

Ask = Callable[..., tuple[list[Answer], Summary]]


@pytest.fixture(scope="module")
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Jobs whose model hears, by its row, and whose weights are none: asking it is an error."""
    pytest.importorskip("llama_cpp")
    nonsense = {name: lambda path: path.write_bytes(b"no weights") for name in ("lm.gguf", "mmproj.gguf")}
    shop = flamingo(tmp_path_factory.mktemp("shop"), nonsense)
    return Jobs(LlmAudioSettings("music-flamingo-gguf", device="cpu", default_model=TINY), shop.store)


@pytest.mark.parametrize("reason", list(NOTHING))
def test_a_model_that_hears_is_neither_loaded_nor_asked_about_nothing(
    hearing: Jobs, tmp_path: Path, reason: str
) -> None:
    samples, text = NOTHING[reason]
    (answer,), summary = describe(hearing, tmp_path, samples[None].astype(np.float32))
    assert (answer.text, answer.heard) == (text, False)
    assert [warning.reason for warning in summary.warnings] == [reason]
    assert f"{TINY} was not asked" in summary.warnings[0].message
    assert (summary.work.engine, summary.work.model, summary.asked) == ("facts", None, False)
    assert summary.work.parameters["not_asked"] == TINY
    assert summary.source is not None
    assert summary.source.frames == SECONDS.size


def test_it_is_asked_about_music(hearing: Jobs, tmp_path: Path) -> None:
    with pytest.raises(AntiphonError):
        describe(hearing, tmp_path, tone(4.0))


def test_of_silence_only_facts_are_told_whatever_was_asked(hearing: Jobs, tmp_path: Path) -> None:
    prompts = (Prompt("full"), Prompt("transcribe"), Prompt("own", "Which instruments play?"))
    facts = json.dumps({"essentia": {"features": {"signal": {"duration_seconds": 4.0}}}})
    answers, summary = describe(
        hearing, tmp_path, np.zeros((1, 4 * RATE), np.float32), prompts=prompts, facts_json=facts
    )
    assert [answer.text for answer in answers] == [
        "The recording is silent. It lasts 4 seconds.",
        "",
        "The recording is silent.",
    ]
    assert [warning.reason for warning in summary.warnings] == ["ANSWER_EMPTY", "AUDIO_SILENT"]


def test_no_json_is_made_up_about_silence(hearing: Jobs, tmp_path: Path) -> None:
    schema = '{"type": "object", "properties": {"genre": {"type": "string"}}, "required": ["genre"]}'
    (answer,), summary = describe(hearing, tmp_path, np.zeros((1, RATE), np.float32), json_schema=schema)
    assert (answer.text, answer.json) == ("", None)
    assert [warning.reason for warning in summary.warnings] == ["JSON_INVALID", "ANSWER_EMPTY", "AUDIO_SILENT"]


def test_a_model_that_writes_is_not_asked_where_the_facts_are_of_nothing(jobs: Jobs) -> None:
    told = tell(jobs, facts_json=json.dumps(SILENT))
    assert told.text == "The recording is silent. It lasts 9 seconds."
    assert told.reasons == ["AUDIO_SILENT"]
    assert told.summary.work.parameters["not_asked"] == SMOL
    assert told.answers[0].clauses[0].facts == ("essentia.summary.warnings",)
