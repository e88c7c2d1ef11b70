"""The rows of openai-whisper: converted at the first pull, recorded, loaded and heard, in each published shape."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("whisper", reason="openai-whisper is in the environment .venvs/speech-openai-whisper")

from bench.speech_material import recordings
from services.speech.engines.openai_whisper import OpenAIWhisper
from services.speech.settings import SpeechSettings
from tests.services.speech.conftest import Transcribe
from tests.services.speech.tiny_rows import SHAPES, pulled


@pytest.mark.parametrize("name", SHAPES)
def test_a_tiny_model_of_its_shape_is_pulled_converted_loaded_and_heard(
    name: str, tmp_path: Path, listen: Transcribe
) -> None:
    shape = SHAPES[name]
    with pulled(f"{name}.openai", shape, tmp_path, {}) as installed:
        engine = OpenAIWhisper.load(installed, SpeechSettings("openai-whisper", device="cpu"))
        heard = listen(engine, recordings.noise(2.0), hallucination_guard=False, beam_size=1)
    digest = installed.report().weights_sha256["model.safetensors"]
    assert len(digest) == 64, "what the conversion gave is recorded"
    assert ("yue" in engine.languages) == (shape.words == 51866)
    assert heard.reached[-1] == 2.0
