"""Every size is in the manifest for both engines; a tiny model of each published shape is pulled, loaded and heard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.speech_material import recordings
from chassis.models import Manifest, Store
from chassis.models.model import HubSource, Model
from services.speech.settings import SpeechSettings
from tests.services.speech.conftest import Transcribe
from tests.services.speech.tiny_rows import MANIFEST, SHAPES, pulled, tokenizer_of

SIZES = ("tiny", "base", "small", "medium", "large-v2", "large-v3", "large-v3-turbo")
ENGLISH = ("tiny.en", "base.en", "small.en", "medium.en")
DISTILLED = ("distil-whisper-small.en", "distil-whisper-medium.en", "distil-whisper-large-v3")
NAMES = [*(f"whisper-{size}" for size in SIZES + ENGLISH), *DISTILLED]


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return Manifest.load(MANIFEST)


def files(model: Model) -> dict[str, str]:
    return {file.name: file.sha256 for file in model.files}


@pytest.mark.parametrize("name", NAMES)
def test_each_size_is_there_for_both_engines_from_the_same_weights(manifest: Manifest, name: str) -> None:
    ours, theirs = manifest.model(name), manifest.model(f"{name}.openai")
    assert (ours.engine, theirs.engine) == ("faster-whisper", "openai-whisper")
    assert ours.revision == theirs.revision
    (conversion,) = (file.conversion for file in theirs.files if file.conversion is not None)
    inputs = {file.name: file.sha256 for file in conversion.inputs}
    assert inputs == {each: digest for each, digest in files(ours).items() if each in inputs}
    assert set(inputs) == {"model.bin", "config.json"}


@pytest.mark.parametrize("name", NAMES)
def test_a_row_lists_what_the_library_would_fetch_otherwise(manifest: Manifest, name: str) -> None:
    model = manifest.model(name)
    assert {"model.bin", "config.json", "tokenizer.json"} <= set(files(model))
    assert ("vocabulary.txt" in files(model)) != ("vocabulary.json" in files(model))
    # Without it the library takes 80 mel bands; these have 128.
    assert ("preprocessor_config.json" in files(model)) == ("large-v3" in name)
    sources = [source for file in model.files for source in file.sources if isinstance(source, HubSource)]
    assert {source.revision for source in sources} == {model.revision}


@pytest.mark.parametrize("name", SHAPES)
def test_a_tiny_model_of_its_shape_is_pulled_loaded_and_heard(
    name: str, tmp_path: Path, store: Store, listen: Transcribe
) -> None:
    pytest.importorskip("faster_whisper", reason="the engine faster-whisper is in the environment .venvs/speech")
    from services.speech.engines.faster_whisper import FasterWhisper

    shape = SHAPES[name]
    tokenizer, words = tokenizer_of(store, shape)
    texts = {
        "tokenizer.json": tokenizer,
        "vocabulary.txt": "\n".join(words).encode(),
        "vocabulary.json": json.dumps(words).encode(),
        "preprocessor_config.json": json.dumps({"feature_size": shape.mels}).encode(),
    }
    with pulled(name, shape, tmp_path, texts) as installed:
        engine = FasterWhisper.load(installed, SpeechSettings(device="cpu"))
        heard = listen(engine, recordings.noise(2.0), hallucination_guard=False, beam_size=1)
    assert ("yue" in engine.languages) == (shape.words == 51866)
    assert (len(engine.languages) == 1) == (shape.words == 51864)
    assert heard.reached[-1] == 2.0
    if len(engine.languages) > 1:
        assert {each.language for each in engine.detect_language(recordings.noise(2.0))} == engine.languages
