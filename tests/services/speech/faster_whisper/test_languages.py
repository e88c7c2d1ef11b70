"""Languages other than English, spoken by people, with known text; translation; two languages in one recording."""

from __future__ import annotations

import numpy as np
import pytest

from bench.speech_material import recordings
from bench.speech_material.prompts import PACKAGES, Prompt, prompts
from bench.speech_material.word_errors import word_errors, words
from services.speech.whisper.model import WhisperModel
from tests.services.speech.conftest import Transcribe

pytestmark = pytest.mark.weights


def spoken(language: str, name: str) -> Prompt:
    """A recorded prompt; the test is skipped where it is not installed."""
    if not prompts(language):
        pytest.skip(f"recorded prompts are not there: {PACKAGES.format(language)}")
    return prompts(language)[name]


@pytest.mark.parametrize(
    ("language", "name", "most"),
    # Measured with base in int8: 11, 7, 2 and 3 words wrong, of which some are spelt in two ways. Twice that, and two.
    [
        ("es", "demo-echotest", 24),
        ("fr", "demo-echotest", 16),
        ("it", "demo-echotest", 6),
        ("ru", "demo-abouttotry", 10),
    ],
)
def test_a_telephone_prompt_is_written_down_in_the_language_that_was_found(
    base: WhisperModel, listen: Transcribe, language: str, name: str, most: int
) -> None:
    prompt = spoken(language, name)
    found = listen(base, prompt.samples())
    assert found.findings.language == language
    assert found.findings.language_candidates[0].language == language
    # 8 kHz, as on a telephone: base found 40 of 40 such prompts, with a probability of 0.94 and more on average.
    assert found.findings.language_probability is not None
    assert found.findings.language_probability > 0.8
    assert {segment.language for segment in found.segments} == {None}
    assert word_errors(prompt.text, found.text) <= most


def test_a_translation_has_the_words_of_the_english_prompt(base: WhisperModel, listen: Transcribe) -> None:
    prompt, english = spoken("es", "demo-echotest"), spoken("en", "demo-echotest")
    found = listen(base, prompt.samples(), task="translate", word_times=False)
    assert found.findings.language == "es", "the language is that of the speech"
    given, wanted = set(words(found.text)), words(english.text)
    # 48 of 68 when this was written; the Spanish text itself has 4 of them.
    assert sum(word in given for word in wanted) > len(wanted) / 2


@pytest.mark.parametrize("order", ["en fr", "fr en"])
def test_of_two_languages_in_one_file_neither_is_lost(base: WhisperModel, listen: Transcribe, order: str) -> None:
    # Told one language, Whisper skips what is in the other, or translates it; skipped parts are heard once more.
    clips = {
        "en": recordings.line("0870"),
        "fr": spoken("fr", "demo-echotest").samples()[: 12 * recordings.SAMPLE_RATE],
    }
    first, second = order.split()
    quiet = np.zeros(recordings.SAMPLE_RATE, np.float32)
    samples = np.concatenate([clips[first], quiet, clips[second]])
    found = listen(base, samples)
    assert found.findings.language == first
    assert {segment.language for segment in found.segments} <= {None, second}
    assert ("LANGUAGES_MIXED" in found.reasons) == any(segment.language for segment in found.segments)
    english = " ".join(each.text for each in found.segments if (each.language or first) == "en")
    assert word_errors(recordings.LINES["0870"], english) <= 3 or order == "en fr"
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)
    # Without the second look the words end 12 s or 7 s earlier.
    assert found.words[-1].end > len(samples) / recordings.SAMPLE_RATE - 2
