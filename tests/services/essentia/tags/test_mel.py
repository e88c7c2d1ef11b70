"""The front end in numpy gives the numbers of Essentia's."""

from __future__ import annotations

import numpy as np
import pytest

from services.essentia.essentia_library import es
from services.essentia.tags.mel import BANDS, FRAME, HOP, log_mel
from tests.services.essentia.tag_signals import blocks, chord, sweep


def ours(samples: np.ndarray) -> np.ndarray:
    return np.concatenate(list(log_mel(blocks(samples))))


def essentias(samples: np.ndarray) -> np.ndarray:
    bands = es.TensorflowInputMusiCNN()
    frames = es.FrameGenerator(samples, frameSize=FRAME, hopSize=HOP, startFromZero=False)
    return np.array([bands(frame) for frame in frames])


def test_it_agrees_with_essentia_within_a_thousandth() -> None:
    found, wanted = ours(chord(20)), essentias(chord(20))
    assert found.shape == wanted.shape
    # A few values in a hundred thousand lie where a pure tone's spectrum is all rounding: both are float32.
    assert np.quantile(np.abs(found - wanted), 0.9999) < 1e-3
    assert np.abs(found - wanted).max() < 1e-2


@pytest.mark.parametrize("samples", [800, 32512, 32513, 48384, 48385])
def test_it_gives_as_many_frames_as_essentia(samples: int) -> None:
    found, wanted = ours(sweep(samples)), essentias(sweep(samples))
    assert found.shape == wanted.shape == (-(-(samples + 256) // 256), BANDS)
    assert np.quantile(np.abs(found - wanted), 0.999) < 1e-3


def test_the_blocks_that_audio_comes_in_do_not_matter() -> None:
    samples = sweep(50000)
    whole = np.concatenate(list(log_mel([samples])))
    # Sums over other numbers of rows at a time round differently.
    assert np.concatenate(list(log_mel(blocks(samples, 97)))) == pytest.approx(whole, abs=1e-5)


def test_no_samples_give_no_frames() -> None:
    assert list(log_mel([])) == []


def test_silence_is_zero_in_every_band() -> None:
    assert not ours(np.zeros(16000, np.float32)).any()
