"""The voice detector of the second engine against the one inside faster-whisper: the same network, the same spans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.speech_material import recordings
from services.speech.recording.voice import FRAME, Voice, VoiceDetector, bundled, padded, stretches

vad = pytest.importorskip("faster_whisper.vad", reason="faster-whisper is in the environment .venvs/speech")


@pytest.fixture(scope="module")
def detector() -> VoiceDetector:
    return VoiceDetector(bundled())


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * recordings.SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("gap", [0.3, 1.9, 2.5, 3.5, 10.0])
def test_both_find_the_same_speech(detector: VoiceDetector, gap: float) -> None:
    clip = recordings.line("0930")
    samples = np.concatenate([silence(gap), clip, silence(gap), clip, recordings.noise(1.0), silence(gap)])
    wanted = [(span["start"], span["end"]) for span in vad.get_speech_timestamps(samples, vad.VadOptions())]
    assert list(detector.find_voice(samples).spans) == wanted


def test_the_network_is_the_one_that_the_library_uses() -> None:
    assert bundled() == Path(vad.get_assets_path()) / "silero_vad_v6.onnx"


def test_frame_by_frame_it_gives_what_it_gives_at_once(detector: VoiceDetector) -> None:
    samples = recordings.line("0880")
    samples = samples[: len(samples) // FRAME * FRAME]
    ear, other = detector.follow(), detector.follow()
    found = []
    for start in range(0, len(samples), FRAME):
        found.append(ear.probability(samples[start : start + FRAME]))
        other.probability(recordings.noise(FRAME / 16000))  # a stream beside it does not disturb
    assert found == pytest.approx(detector.probabilities(samples)[: len(found)].tolist(), abs=1e-5)


def test_what_is_no_speech_has_no_span(detector: VoiceDetector) -> None:
    for samples in (silence(3.0), recordings.chord(3.0), recordings.noise(0.01)):
        assert detector.find_voice(samples) == Voice((), ())


def test_speech_goes_on_over_a_short_pause_and_up_to_the_end() -> None:
    loud, soft = np.full(20, 0.9), np.full(30, 0.1)
    probabilities = np.concatenate([soft, loud, soft, loud])
    assert stretches(probabilities, 100 * FRAME) == [(30 * FRAME, 100 * FRAME)]
    long = np.concatenate([loud, np.full(70, 0.1), loud])
    assert stretches(long, 110 * FRAME) == [(0, 20 * FRAME), (90 * FRAME, 110 * FRAME)]


def test_margins_share_what_is_between_two_stretches() -> None:
    assert padded([(10_000, 20_000), (24_000, 30_000)], 32_000) == ((3_600, 22_000), (22_000, 32_000))
    assert padded([], 100) == ()
