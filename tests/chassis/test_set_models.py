"""A setting that names a model of no manifest is refused at the start, in every family."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon_wire.exits import CANNOT_START
from chassis.family.set_models import refuse_unknown
from chassis.models import Manifest
from chassis.server.refusal import CannotStartError
from services.essentia.settings import EssentiaSettings
from services.generation.settings import GenerationSettings
from services.llm_audio.settings import LlmAudioSettings
from services.separation.settings import SeparationSettings
from services.speech.settings import SpeechSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("family", "settings", "told"),
    [
        (
            "speech",
            SpeechSettings(default_model="whisper-bas"),
            "SPEECH_DEFAULT_MODEL='whisper-bas': .*whisper-base?",
        ),
        ("separation", SeparationSettings(default_model="htdemuc"), "SEPARATION_DEFAULT_MODEL.*mean htdemucs?"),
        ("generation", GenerationSettings(default_model="musicgen-smal"), "GENERATION_DEFAULT_MODEL.*musicgen-small?"),
        (
            "llm_audio",
            LlmAudioSettings(default_model="smollm2-135m"),
            "LLM_AUDIO_DEFAULT.*smollm2-135m-instruct?",
        ),
        ("essentia", EssentiaSettings(tag_models=("musicnn-mds",)), "ESSENTIA_TAG_MODELS.*mean musicnn-msd?"),
    ],
)
def test_a_misspelt_model_is_refused_with_the_setting(family: str, settings: object, told: str) -> None:
    manifest = Manifest.load(ROOT / "services" / family / "models.toml")
    with pytest.raises(CannotStartError, match=told.replace("?", r"\?")):
        refuse_unknown(family, settings, manifest, {})


def test_the_setting_of_all_services_is_named_where_it_was_that_one() -> None:
    manifest = Manifest.load(ROOT / "services" / "speech" / "models.toml")
    settings = SpeechSettings(default_model="x")
    with pytest.raises(CannotStartError, match=r"^ANTIPHON_DEFAULT_MODEL='x'"):
        refuse_unknown("speech", settings, manifest, {"ANTIPHON_DEFAULT_MODEL": "x"})
    with pytest.raises(CannotStartError, match=r"^SPEECH_DEFAULT_MODEL='x'"):
        refuse_unknown("speech", settings, manifest, {"SPEECH_DEFAULT_MODEL": "x", "ANTIPHON_DEFAULT_MODEL": "y"})


def test_what_is_not_set_and_what_there_is_are_no_matter() -> None:
    manifest = Manifest.load(ROOT / "services" / "speech" / "models.toml")
    refuse_unknown("speech", SpeechSettings(), manifest, {})
    refuse_unknown("speech", SpeechSettings(default_model=manifest.models[0].name), manifest, {})


def test_a_service_does_not_start_with_a_misspelt_model() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services", "separation"],
        cwd=ROOT,
        env={**os.environ, "SEPARATION_DEFAULT_MODEL": "spleeter-2stem", "SEPARATION_PORT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == CANNOT_START
    assert "SEPARATION_DEFAULT_MODEL='spleeter-2stem'" in done.stderr.splitlines()[-1]
