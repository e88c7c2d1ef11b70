"""openai-whisper on the converted weights: the same text and times as the other engine, from the same requests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("whisper", reason="openai-whisper is in the environment .venvs/speech-openai-whisper")

from antiphon_wire.errors import AntiphonError, Cancelled
from bench.speech_material import recordings
from services.speech.contract import AlignedLine, AlignmentFindings, AlignmentRequest, Segment, TranscriptionRequest
from services.speech.settings import SpeechSettings
from tests.services.speech.conftest import Transcribe, Transcript, blocks_of

pytestmark = pytest.mark.weights

REFERENCE_STARTS = {
    "whisper-tiny.en.openai": [0.29, 0.46, 0.84, 1.12, 1.66],
    "whisper-base.openai": [0.29, 0.34, 0.68, 0.94, 1.5],
}
"""Where faster-whisper, computing in float32 on the same weights, starts the passage's first words,
the very first where the voice begins."""


@pytest.fixture(scope="module")
def tiny_openai(load_openai: Callable[..., Any]) -> Any:
    return load_openai("whisper-tiny.en.openai")


@pytest.fixture(scope="module")
def heard(tiny_openai: Any, listen: Transcribe) -> Transcript:
    return listen(tiny_openai, recordings.passage())


def test_tiny_writes_down_what_was_read(heard: Transcript) -> None:
    # No error when this was written, with either engine in float32; 7 of 70 is one word in ten.
    assert recordings.word_errors(recordings.TEXT, heard.text) <= 7


def test_words_start_where_the_other_engine_starts_them(heard: Transcript) -> None:
    # The same alignment heads and the same rules: one step of 20 ms leaves room for rounding.
    starts = [word.start for word in heard.words[:5]]
    assert starts == pytest.approx(REFERENCE_STARTS["whisper-tiny.en.openai"], abs=0.021)


def test_base_finds_language_text_and_times(load_openai: Callable[..., Any], listen: Transcribe) -> None:
    found = listen(load_openai("whisper-base.openai"), recordings.line("0870"))
    assert recordings.word_errors(recordings.LINES["0870"], found.text) <= 1
    assert found.findings.language == "en"
    assert found.findings.language_probability is not None
    assert found.findings.language_probability > 0.9
    starts = [word.start for word in found.words[:5]]
    # The clip by itself has other words after it than the passage has, which moves attention a little.
    assert starts == pytest.approx(REFERENCE_STARTS["whisper-base.openai"], abs=0.1)


def test_words_are_in_order_and_make_up_the_text(heard: Transcript) -> None:
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert all(first <= second for first, second in pairwise(times))
    for segment in heard.segments:
        assert "".join(word.text for word in segment.words).replace(" ", "") == segment.text.replace(" ", "")
        assert all(word.probability is not None and 0.0 <= word.probability <= 1.0 for word in segment.words)
        assert segment.temperature == 0.0
        assert segment.avg_logprob is not None
        assert segment.avg_logprob <= 0.0


@pytest.mark.parametrize("samples", [np.zeros(80_000, np.float32), recordings.noise(3.0), recordings.chord(3.0)])
def test_what_is_no_speech_gives_no_text(tiny_openai: Any, listen: Transcribe, samples: np.ndarray) -> None:
    found = listen(tiny_openai, samples)
    assert found.text == ""
    assert "NO_SPEECH" in found.reasons


def test_sampling_starts_from_the_same_seed(tiny_openai: Any, listen: Transcribe) -> None:
    clip = recordings.line("0880")
    first = listen(tiny_openai, clip, temperatures=(0.8,))
    assert listen(tiny_openai, clip, temperatures=(0.8,)) == first
    assert "TEXT_SAMPLED" in first.reasons
    assert all(segment.temperature == 0.8 for segment in first.segments)


def test_hotwords_and_the_longest_prompt_fit(tiny_openai: Any, listen: Transcribe) -> None:
    found = listen(
        tiny_openai,
        recordings.line("0880"),
        initial_prompt="prompt " * 140,
        hotwords=("Dashwood",) * 100,
        condition_on_previous_text=True,
    )
    assert found.segments is not None


def test_known_words_are_placed_where_they_are_heard(tiny_openai: Any, heard: Transcript) -> None:
    passage = recordings.passage()
    lyrics = "\n".join(recordings.LINES.values()) + "\nand nobody ever sang this line"
    request = AlignmentRequest(lyrics)
    events = list(tiny_openai.align_lyrics(lambda: blocks_of(passage), request, lambda: None))
    lines = [event for event in events if isinstance(event, AlignedLine)]
    assert isinstance(events[-1], AlignmentFindings)
    assert (events[-1].aligned, events[-1].unmatched) == (5, 1)
    clips = np.cumsum([0.0, *(len(recordings.line(number)) / 16000 + 0.5 for number in recordings.LINES)])
    # Whisper places words to about 0.3 s, and gives a pause to the word after it (here up to 0.8 s).
    for line, start, end in zip(lines, clips, clips[1:], strict=False):
        assert start - 0.9 <= line.words[0].start <= line.words[-1].end <= end + 0.3


def test_the_model_is_left_between_two_of_its_steps(tiny_openai: Any) -> None:
    calls = iter(range(12))

    def stop() -> None:
        if next(calls, None) is None:
            raise Cancelled

    clip = recordings.line("0880")
    with pytest.raises(Cancelled):
        list(tiny_openai.listen(blocks_of(clip), TranscriptionRequest(), stop))
    # It can be used again.
    events = list(tiny_openai.listen(blocks_of(clip), TranscriptionRequest(), lambda: None))
    assert any(isinstance(event, Segment) for event in events)


def test_a_gpu_that_is_not_there_and_a_format_it_lacks_are_refused(load_openai: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    from services.speech.engines.openai_whisper.model import choose_device, choose_dtype

    if torch.cuda.is_available():
        assert choose_device("auto") == "cuda"
    else:
        with pytest.raises(AntiphonError, match="DEVICE_NOT_AVAILABLE"):
            choose_device("cuda")
    with pytest.raises(AntiphonError, match="COMPUTE_TYPE_NOT_AVAILABLE"):
        choose_dtype("int8", "cpu")
    assert SpeechSettings("openai-whisper").engine == "openai-whisper"
