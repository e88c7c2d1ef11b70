"""The tune of a clip equals that of the published extractor, and is the tune."""

from __future__ import annotations

from itertools import groupby
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers.models.musicgen_melody.feature_extraction_musicgen_melody as published
from transformers.utils import import_utils

from services.generation.melody.chroma import CLASSES, HOP, WINDOW, chroma

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Spectrogram:
    """What the extractor uses of torchaudio, as torchaudio defines it, on torch's own transform.

    torchaudio itself cannot be loaded beside a CPU build of torch, which is why the service does without it.
    """

    def __init__(
        self, n_fft: int, win_length: int, hop_length: int, power: float, center: bool, pad: int, normalized: bool
    ) -> None:
        assert (win_length, center, pad) == (n_fft, True, 0)
        self._window, self._hop, self._power = torch.hann_window(n_fft), hop_length, power
        self._scale = self._window.pow(2).sum().sqrt() if normalized else 1.0

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        size = len(self._window)
        spectrum = torch.stft(waveform, size, self._hop, window=self._window, return_complex=True)
        return (spectrum / self._scale).abs() ** self._power


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> published.MusicgenMelodyFeatureExtractor:
    """The extractor of transformers, over that Spectrogram."""
    monkeypatch.setattr(
        published, "torchaudio", SimpleNamespace(transforms=SimpleNamespace(Spectrogram=Spectrogram)), raising=False
    )
    monkeypatch.setitem(import_utils.BACKENDS_MAPPING, "torchaudio", (lambda: True, ""))
    return published.MusicgenMelodyFeatureExtractor(sampling_rate=32_000)


def test_a_scale_is_read_note_by_note(scale: np.ndarray) -> None:
    classes = chroma(scale).argmax(-1)
    assert [NAMES[each] for each, _ in groupby(classes)] == ["C", "D", "E", "F", "G", "A", "B", "C"]


def test_every_frame_agrees_with_the_published_extractor(
    extractor: published.MusicgenMelodyFeatureExtractor, scale: np.ndarray
) -> None:
    noise = 0.05 * np.random.default_rng(1).standard_normal(scale.size).astype(np.float32)
    wave = scale + noise
    theirs = extractor(wave, sampling_rate=32_000, return_tensors="np")["input_features"][0]
    ours = chroma(wave)
    assert ours.shape == theirs.shape == (1 + wave.size // HOP, CLASSES)
    assert np.array_equal(ours, theirs)


def test_a_clip_shorter_than_a_window_is_read_as_the_published_extractor_reads_it(
    extractor: published.MusicgenMelodyFeatureExtractor, scale: np.ndarray
) -> None:
    wave = scale[:9_000]
    theirs = extractor(wave, sampling_rate=32_000, return_tensors="np")["input_features"][0]
    assert np.array_equal(chroma(wave), theirs)
    assert len(chroma(wave)) == 1 + WINDOW // HOP
