"""The service's own choice: a large model that is there and allowed, else prose by rule."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from chassis.models import Manifest, Model, Store
from chassis.models.model import File
from services.llm_audio.automatic.choice import LEAST_PARAMETERS, automatic
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings

LARGE = 2 * LEAST_PARAMETERS
WEIGHTS = b"weights"
FILE = File("model.gguf", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())


def row(
    name: str, engine: str, parameters: int | None, default: bool = False, commercial: bool = True, there: bool = True
) -> Model:
    file = FILE if there else File("model.gguf", 3, hashlib.sha256(b"no!").hexdigest())
    files = () if engine == "facts" else (file,)
    return Model(name, "llm_audio", engine, default, False, "1", "MIT", commercial, files, parameter_count=parameters)


RULE = row("facts", "facts", 0, default=True)
SMALL = row("small", "text-gguf", LEAST_PARAMETERS - 1, default=True)


def store(folder: Path, *rows: Model, policy: str = "any") -> Store:
    made = Store(folder, Manifest("llm_audio", (RULE, *rows)), policy)
    made.blobs.folder.mkdir(parents=True)
    made.blobs.path(FILE.sha256).write_bytes(WEIGHTS)
    return made


@pytest.mark.parametrize(
    ("rows", "policy", "chosen"),
    [
        ([], "any", "facts"),
        ([SMALL], "any", "facts"),
        ([SMALL, row("large", "text-gguf", LARGE)], "any", "large"),
        ([SMALL, row("least", "text-gguf", LEAST_PARAMETERS)], "any", "least"),
        ([SMALL, row("unsaid", "text-gguf", None)], "any", "facts"),
        ([SMALL, row("large", "text-gguf", LARGE, there=False)], "any", "facts"),
        ([SMALL, row("large", "text-gguf", LARGE, commercial=False)], "commercial", "facts"),
        ([row("first", "text-gguf", LARGE), row("marked", "text-gguf", LARGE, default=True)], "any", "marked"),
        # The first engine of the table, wherever its row stands in the manifest.
        ([row("hears", "music-flamingo-gguf", LARGE), row("writes", "text-gguf", LARGE)], "any", "writes"),
        ([SMALL, row("hears", "music-flamingo-gguf", LARGE)], "any", "hears"),
    ],
)
def test_a_large_model_that_is_there_and_allowed_is_chosen_else_the_rules(
    tmp_path: Path, rows: list[Model], policy: str, chosen: str
) -> None:
    assert automatic(store(tmp_path / "models", *rows, policy=policy)) == chosen


def test_where_no_manifest_has_the_rules_nothing_is_chosen(tmp_path: Path) -> None:
    assert automatic(Store(tmp_path, Manifest("llm_audio", ()))) == ""


def test_a_model_that_is_pulled_while_the_service_runs_is_chosen_by_the_next_call(tmp_path: Path) -> None:
    models = Store(tmp_path, Manifest("llm_audio", (RULE, row("large", "text-gguf", LARGE))))
    models.blobs.folder.mkdir(parents=True)
    jobs = Jobs(LlmAudioSettings(), models)
    assert jobs.warm() == "facts on cpu in exact"
    models.blobs.path(FILE.sha256).write_bytes(WEIGHTS)
    assert jobs._selection.choose().name == "large"


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        (LlmAudioSettings("text-gguf"), "small"),
        (LlmAudioSettings("facts"), "facts"),
        (LlmAudioSettings(default_model="small"), "small"),
    ],
)
def test_what_the_operator_says_goes_before_it(tmp_path: Path, settings: LlmAudioSettings, chosen: str) -> None:
    jobs = Jobs(settings, store(tmp_path / "models", SMALL, row("large", "text-gguf", LARGE)))
    assert jobs._selection.choose().name == chosen
    assert jobs._selection.choose(engine="text-gguf").name == "small"
