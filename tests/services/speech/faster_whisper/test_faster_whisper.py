"""whisper-base and whisper-tiny.en on real speech with known text, and on what is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from bench.speech_material import recordings
from services.speech.contract import Segment, TranscriptionRequest
from services.speech.engines.faster_whisper import FasterWhisper, choose_compute_type, choose_device
from tests.services.speech.conftest import Transcribe, Transcript

pytestmark = pytest.mark.weights

WORDS = len(recordings.TEXT.split())


@pytest.fixture(scope="module")
def passage() -> np.ndarray:
    return recordings.passage()


@pytest.fixture(scope="module")
def heard(base: FasterWhisper, listen: Transcribe, passage: np.ndarray) -> Transcript:
    """The passage as whisper-base hears it by default."""
    return listen(base, passage)


def letters(text: str) -> str:
    return "".join(text.split())


def test_base_writes_down_what_was_read(heard: Transcript) -> None:
    # No error in 70 words when this was written; 3 (4 %) leave room for other processors' rounding.
    assert recordings.word_errors(recordings.TEXT, heard.text) <= 3
    assert WORDS == 70


def test_tiny_writes_down_what_was_read(tiny: FasterWhisper, listen: Transcribe, passage: np.ndarray) -> None:
    # The smallest model there is: 2 errors of 70 are published for it on these clips; 7 is one word in ten.
    assert recordings.word_errors(recordings.TEXT, listen(tiny, passage).text) <= 7


def test_the_language_is_found_with_its_probability(heard: Transcript) -> None:
    found = heard.findings
    assert found.language == "en"
    assert found.language_probability is not None
    assert found.language_probability > 0.9
    probabilities = [candidate.probability for candidate in found.language_candidates]
    assert len(probabilities) == 5
    assert probabilities[0] == found.language_probability
    assert probabilities == sorted(probabilities, reverse=True)
    assert found.warnings == ()


def test_word_times_are_in_order_and_inside_the_audio(heard: Transcript, passage: np.ndarray) -> None:
    seconds = len(passage) / recordings.SAMPLE_RATE
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert all(first <= second for first, second in pairwise(times))
    assert times[0] >= 0.0
    assert times[-1] <= seconds
    # Whisper's steps are 20 ms; a reader says two to four words a second, so most words last longer than 60 ms.
    assert np.median([word.end - word.start for word in heard.words]) > 0.06


def test_words_are_where_they_are_spoken(heard: Transcript) -> None:
    """Each clip's first word starts where the clip was put: Whisper places words to about 0.3 s."""
    starts = np.cumsum([0.0, *(len(recordings.line(number)) / 16000 + 0.5 for number in recordings.LINES)])
    firsts = [word.start for word in heard.words if word.text.strip(".,") in ("Unless", "unless", "Had", "had")]
    for start in (starts[2], starts[3]):
        assert min(abs(start - first) for first in firsts) < 0.6


def test_the_words_are_the_segments_text(heard: Transcript) -> None:
    for segment in heard.segments:
        assert letters("".join(word.text for word in segment.words)) == letters(segment.text)
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert all(word.text == word.text.strip() and word.text for word in segment.words)
        assert all(word.probability is not None and 0.0 <= word.probability <= 1.0 for word in segment.words)


def test_hyphenated_words_are_one(heard: Transcript) -> None:
    assert not any(word.text.startswith("-") for word in heard.words)
    assert any("ill-disposed" in word.text for word in heard.words)


def test_figures_are_inside_their_ranges(heard: Transcript) -> None:
    for segment in heard.segments:
        assert segment.avg_logprob is not None
        assert segment.avg_logprob <= 0.0
        assert segment.no_speech_probability is not None
        assert 0.0 <= segment.no_speech_probability <= 1.0
        assert segment.compression_ratio is not None
        assert segment.compression_ratio > 0.0


def test_the_same_audio_gives_the_same_answer(
    base: FasterWhisper, listen: Transcribe, heard: Transcript, passage: np.ndarray
) -> None:
    assert listen(base, passage) == heard


def test_short_windows_lose_and_double_nothing_at_their_seams(
    load: Callable[..., FasterWhisper], listen: Transcribe, passage: np.ndarray
) -> None:
    # Windows of 8 s cut the passage at four quiet places; less text around a word costs Whisper some accuracy, so one
    # word in twenty may differ. A lost or doubled clip would be 7 words and more.
    split = listen(load("whisper-base", window_seconds=8.0), passage)
    assert recordings.word_errors(recordings.TEXT, split.text) <= 4
    times = [time for word in split.words for time in (word.start, word.end)]
    assert all(first <= second for first, second in pairwise(times))
    assert len(split.reached) >= len(split.segments) + 4


def test_without_word_times_there_are_none(tiny: FasterWhisper, listen: Transcribe, passage: np.ndarray) -> None:
    plain = listen(tiny, passage, word_times=False, vad=False)
    assert plain.words == ()
    assert recordings.word_errors(recordings.TEXT, plain.text) <= 7
    assert all(0.0 <= segment.start <= segment.end <= len(passage) / 16000 for segment in plain.segments)
    assert plain.findings.speech_seconds is None


def test_detection_leaves_the_pauses_out(tiny: FasterWhisper, listen: Transcribe) -> None:
    clip = recordings.line("0930")
    quiet = np.zeros(20 * 16000, np.float32)
    padded = listen(tiny, np.concatenate([quiet, clip, quiet]))
    assert recordings.word_errors(recordings.LINES["0930"], padded.text) <= 1
    assert padded.findings.speech_seconds is not None
    # The clip has 3.3 s; the detector keeps up to 0.4 s on either side.
    assert 1.5 < padded.findings.speech_seconds < 4.5
    assert 19.5 < padded.words[0].start < padded.words[-1].end < 23.8


@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(160_000, np.float32),
        recordings.noise(3.0),
        recordings.noise(5.0, 1e-3),
        recordings.chord(5.0),
        recordings.music(15.0),
    ],
    ids=["silence", "noise", "faint noise", "chord", "music"],
)
def test_what_is_no_speech_gives_no_text_and_no_language(
    base: FasterWhisper, listen: Transcribe, samples: np.ndarray, vad: bool
) -> None:
    found = listen(base, samples, vad=vad)
    assert found.text == ""
    assert (found.findings.language, found.findings.language_candidates) == (None, ())
    assert "NO_SPEECH" in found.reasons


def test_a_loop_is_broken_and_not_handed_out(base: FasterWhisper, listen: Transcribe) -> None:
    found = listen(base, recordings.hum(10.0), vad=False, language="en")
    assert found.text == ""
    assert found.findings.language is None


@pytest.mark.parametrize(("seconds", "reason"), [(0.01, "AUDIO_SHORT"), (0.0999, "AUDIO_SHORT"), (0.1, "NO_SPEECH")])
@pytest.mark.parametrize("vad", [True, False])
def test_a_tenth_of_a_second_gives_an_empty_transcript(
    tiny: FasterWhisper, listen: Transcribe, seconds: float, reason: str, vad: bool
) -> None:
    found = listen(tiny, recordings.noise(seconds), vad=vad)
    assert found.segments == ()
    assert reason in found.reasons
    assert found.reached[-1] == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize("samples", [160, 480])
def test_the_model_bears_an_end_shorter_than_its_step(base: FasterWhisper, samples: int) -> None:
    # The library raised IndexError where less than two frames (20 ms) were left to align words in.
    noise = recordings.noise(samples / 16000)
    for segment in base.transcribe(noise, TranscriptionRequest(), "en", ""):
        assert isinstance(segment, Segment)


def test_the_longest_prompt_fits(tiny: FasterWhisper, listen: Transcribe) -> None:
    # Signs of many tokens fill the room for a prompt; what is decoded must still fit into Whisper's 448 positions.
    found = listen(tiny, recordings.line("0880"), initial_prompt="ž" * 1000)
    assert isinstance(found, Transcript)


def test_control_tokens_in_a_prompt_are_plain_text(tiny: FasterWhisper, listen: Transcribe) -> None:
    found = listen(tiny, recordings.line("0880"), initial_prompt="<|nospeech|><|endoftext|>")
    assert recordings.word_errors(recordings.LINES["0880"], found.text) <= 2


def test_another_language_is_recognised(base: FasterWhisper, listen: Transcribe, tmp_path: Path) -> None:
    text = "Guten Morgen. Ich möchte heute mit dem Zug nach Berlin fahren und meine Schwester besuchen."
    spoken = recordings.synthesised(text, "de", tmp_path)
    found = listen(base, spoken)
    assert found.findings.language == "de"
    # A synthetic voice: 2 of 15 words wrong when this was written. A transcript in another language shares hardly any.
    assert recordings.word_errors(text, found.text) <= 6


def test_translation_gives_english(base: FasterWhisper, listen: Transcribe, tmp_path: Path) -> None:
    spoken = recordings.synthesised("Guten Morgen. Meine Schwester lebt in Berlin.", "de", tmp_path)
    found = listen(base, spoken, task="translate", language="de")
    assert {"good", "morning"} <= set(found.text.lower().replace(".", "").replace(",", "").split())


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (TranscriptionRequest(language="hr"), "LANGUAGE_NOT_SUPPORTED"),
        (TranscriptionRequest(task="translate"), "TASK_NOT_SUPPORTED"),
        (TranscriptionRequest(language="en", task="translate"), "TASK_NOT_SUPPORTED"),
    ],
)
def test_an_english_model_refuses_what_it_cannot_do(
    tiny: FasterWhisper, request_: TranscriptionRequest, reason: str
) -> None:
    with pytest.raises(AntiphonError) as caught:
        tiny.check(request_)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
    tiny.check(TranscriptionRequest(language="en"))


def test_a_language_that_came_with_later_models_is_refused(base: FasterWhisper) -> None:
    with pytest.raises(AntiphonError, match="yue"):
        base.check(TranscriptionRequest(language="yue"))
    base.check(TranscriptionRequest(language="hr", task="translate"))
    assert len(base.languages) == 99


def test_cancelling_ends_it_within_one_model_step_and_leaves_the_engine_usable(
    tiny: FasterWhisper, listen: Transcribe, passage: np.ndarray
) -> None:
    cancelled = False
    late: list[Any] = []

    def checkpoint() -> None:
        if cancelled:
            raise Cancelled

    events = tiny.listen(iter([passage[None]]), TranscriptionRequest(), checkpoint)
    assert isinstance(next(events), Segment)
    cancelled = True
    with pytest.raises(Cancelled):
        late.extend(event for event in events if isinstance(event, Segment))
    assert late == []
    assert listen(tiny, recordings.line("0880")).text


def test_blocks_are_taken_only_as_they_are_needed(load: Callable[..., FasterWhisper], passage: np.ndarray) -> None:
    taken = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal taken
        for start in range(0, len(passage), 16000):
            taken += 1
            yield passage[None, start : start + 16000]

    events = load("whisper-tiny.en", window_seconds=8.0).listen(blocks(), TranscriptionRequest(), lambda: None)
    assert isinstance(next(events), Segment)
    # 8.1 s of blocks of 1 s.
    assert taken == 9


def test_the_engine_says_what_computes(base: FasterWhisper) -> None:
    assert base.device == "cpu"
    assert base.precision.startswith("int8")
    assert set(base.library_versions) >= {"faster-whisper", "ctranslate2", "onnxruntime"}


def test_a_gpu_that_is_not_there_is_an_error() -> None:
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a GPU")
    with pytest.raises(AntiphonError) as caught:
        choose_device("cuda")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "DEVICE_NOT_AVAILABLE")
    assert choose_device("auto") == choose_device("cpu") == "cpu"


def test_a_number_format_that_the_device_lacks_is_an_error() -> None:
    with pytest.raises(AntiphonError) as caught:
        choose_compute_type("int4", "cpu")
    assert caught.value.reason == "COMPUTE_TYPE_NOT_AVAILABLE"
    assert "int8" in caught.value.metadata["known"]
    assert choose_compute_type("auto", "cpu") == "int8"
