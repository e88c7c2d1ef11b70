"""What a caller can set about decoding, on real speech, and audio at its worst."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from bench.speech_material import recordings
from chassis.audio import Source
from services.speech.contract import AlignmentRequest, TranscriptionRequest
from services.speech.whisper.context import MAX_CONTEXT_TOKENS, context_tokens
from services.speech.whisper.model import WhisperModel
from tests.services.speech.conftest import Transcribe


@pytest.mark.weights
def test_hotwords_prime_the_spelling_of_a_name(base: WhisperModel, listen: Transcribe) -> None:
    clip = recordings.line("0870")
    assert "Dashwood" in listen(base, clip, language="en").text
    assert "Dashwoode" in listen(base, clip, language="en", hotwords=("Mr. John Dashwoode",)).text


@pytest.mark.weights
def test_hotwords_prompt_and_text_before_fit_together(tiny: WhisperModel, listen: Transcribe) -> None:
    # Hotwords and text before, each as long as may be, were more than the model's 448 positions.
    found = listen(
        tiny,
        recordings.line("0880"),
        initial_prompt="prompt " * 140,
        hotwords=("Dashwood",) * 100,
        condition_on_previous_text=True,
    )
    assert isinstance(found.segments, tuple)


@pytest.mark.weights
def test_a_temperature_above_0_is_told_with_its_segment(tiny: WhisperModel, listen: Transcribe) -> None:
    found = listen(tiny, recordings.line("0880"), temperatures=(0.4,))
    assert "TEXT_SAMPLED" in found.reasons
    assert {segment.temperature for segment in found.segments} == {0.4}
    plain = listen(tiny, recordings.line("0880"), temperatures=(0.0, 0.4))
    assert {segment.temperature for segment in plain.segments} == {0.0}
    assert "TEXT_SAMPLED" not in plain.reasons


@pytest.mark.weights
@pytest.mark.parametrize(
    "spoil",
    [
        lambda clip: np.clip(clip * 20, -1, 1),
        lambda clip: np.clip(clip + 0.3, -1, 1),
        lambda clip: clip * 0.01,
        lambda clip: (clip + 0.01 * np.random.default_rng(2).standard_normal(len(clip))).astype(np.float32),
    ],
    ids=["clipped", "dc offset", "40 dB down", "noisy"],
)
def test_speech_is_understood_through_bad_audio(
    base: WhisperModel, listen: Transcribe, spoil: Callable[[np.ndarray], np.ndarray]
) -> None:
    # Two words of 18 for what is done to the audio.
    found = listen(base, spoil(recordings.line("0920")).astype(np.float32), language="en")
    assert recordings.word_errors(recordings.LINES["0920"], found.text) <= 2


@pytest.mark.weights
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2)])
def test_any_rate_and_number_of_channels_is_read(
    base: WhisperModel, listen: Transcribe, tmp_path: Path, rate: int, channels: int
) -> None:
    import wave

    clip = recordings.line("0920")
    at = np.arange(int(len(clip) * rate / 16000)) * 16000 / rate
    resampled = np.interp(at, np.arange(len(clip)), clip)
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.repeat(resampled[:, None], channels, axis=1) * 32767).astype("<i2").tobytes())
    samples = Source(path).read(sample_rate=16000, channels=1).samples[0]
    found = listen(base, samples, language="en")
    assert recordings.word_errors(recordings.LINES["0920"], found.text) <= 2


@pytest.mark.weights
def test_a_model_of_one_language_refuses_lyrics_in_another(tiny: WhisperModel) -> None:
    with pytest.raises(AntiphonError, match="LANGUAGE_NOT_SUPPORTED"):
        tiny.check(AlignmentRequest("bonjour", language="fr"))
    tiny.check(TranscriptionRequest(language="en"))


def test_a_primer_never_outgrows_its_room() -> None:
    assert context_tokens([], []) == []
    assert context_tokens([1, 2], [3, 4]) == [1, 2, 3, 4]
    long = context_tokens(range(1000), range(1000, 2000))
    assert len(long) == MAX_CONTEXT_TOKENS
    assert long[0] == 0
    assert long[-1] == 1999
