"""Chroma by short Fourier and constant-Q transform: how strongly each pitch class sounds, frame by frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.contract import SAMPLE_RATE

KINDS = ("stft", "cqt", "cens", "harmonic")
PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# A quarter of the rate holds everything up to 5.5 kHz, above the highest fundamental of a piano.
RATE, HOP = SAMPLE_RATE // 4, 1024
HOP_SECONDS = HOP / RATE
# Samples, 0.74 s: the longest window of the constant-Q transform. Below F#1 (46 Hz) its quality falls short.
FFT = 8192
# The lowest C of a piano, 440 Hz · 2^(-45 / 12), and the octaves from there: up to B7.
C1_HZ, OCTAVES = 32.70319566257483, 7
# 0.8 s, in which a note holds still, and seven semitones, over which a stroke of a drum does.
STEADY_FRAMES, STEADY_BINS = 9, 7
# Müller and Ewert's CENS: steps of the share of a pitch class, and about a second of smoothing.
CENS_STEPS, CENS_FRAMES = (0.05, 0.1, 0.2, 0.4), 11
# About 46 s; bounds what the transforms hold at once.
BLOCK = 512
# -60 dB below the loudest frame is nothing to normalise.
QUIET = 1e-3

Frames = NDArray[np.float32]


def chromagrams(mono: NDArray[np.float32], tuning_cents: float = 0.0) -> dict[str, Frames]:
    """Gives the chroma of finite samples at SAMPLE_RATE, by kind: float32 (frames, 12) from C up, every HOP_SECONDS.

    ``stft``: power of 0.37 s, each bin shared out over its pitch classes. ``cqt``: magnitudes of a constant-Q transform
    of seven octaves from C1. ``harmonic``: the same, with what is short and broad masked out (Fitzgerald 2010).
    ``cens``: the energy-normalised statistics of ``cqt`` (Müller and Ewert 2011). The greatest of a frame is 1, of
    ``cens`` its Euclidean length; frames in which nothing sounds are 0. ``tuning_cents`` is the distance of the music's
    A from 440 Hz.
    """
    resampler = Resampler(SAMPLE_RATE, RATE, 1)
    audio = np.concatenate((resampler.apply(mono[None]), resampler.finish()), 1)[0]
    frames = sliding_window_view(np.pad(audio, FFT // 2), FFT)[::HOP]
    cents = float(round(tuning_cents))
    kernels, fold = _kernels(cents), _fold(cents)
    # The middle half of the frame is enough for the short transform, and tells changes sooner.
    short = slice(FFT // 4, 3 * FFT // 4)
    tones, folded = [], []
    for start in range(0, len(frames), BLOCK):
        block = frames[start : start + BLOCK]
        tones.append(np.abs(np.fft.rfft(block, axis=1).astype(np.complex64) @ kernels))
        spectrum = np.fft.rfft(block[:, short] * _window(FFT // 2), axis=1)
        folded.append((spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ fold)
    constant_q = np.concatenate(tones)
    cqt = _octaves(constant_q)
    return {
        "stft": _unit_max(np.concatenate(folded)),
        "cqt": _unit_max(cqt),
        "cens": _cens(cqt),
        "harmonic": _unit_max(_octaves(constant_q * _steady(constant_q))),
    }


def summarize(frames: Frames) -> dict[str, object]:
    """Gives what the contract's Chroma says of one kind, but for its name; empty where nothing sounds."""
    sounding = frames.max(1, initial=0) > 0
    heard = frames[sounding].astype(np.float64)
    if not heard.size:
        return {}
    mean = heard.mean(0)
    strongest = np.argsort(mean)[::-1][:3]
    summary: dict[str, object] = {
        "mean": tuple(map(float, mean)),
        "std": tuple(map(float, heard.std(0))),
        "median": tuple(map(float, np.median(heard, 0))),
        "dominant": tuple(PITCH_CLASSES[place] for place in strongest),
    }
    both = frames[1:][sounding[1:] & sounding[:-1]], frames[:-1][sounding[1:] & sounding[:-1]]
    if len(both[0]):
        summary["change_mean"] = float(np.abs(both[0] - both[1]).mean())
        lengths = np.linalg.norm(both[0], axis=1) * np.linalg.norm(both[1], axis=1)
        summary["stability"] = float(np.mean((both[0] * both[1]).sum(1) / lengths))
    return summary


@lru_cache(maxsize=4)
def _kernels(cents: float) -> NDArray[np.complex64]:
    # Spectral kernels of Brown and Puckette (1992): the product of spectra is the inner product in time.
    # Twice the least quality: under a Hann window the neighbouring semitone is then at its first zero.
    quality = 2 / (2 ** (1 / 12) - 1)
    kernels = np.zeros((12 * OCTAVES, FFT), np.complex128)
    for number in range(12 * OCTAVES):
        hz = C1_HZ * 2 ** ((number + cents / 100) / 12)
        length = min(int(quality * RATE / hz), FFT)
        start = (FFT - length) // 2
        wave = np.hanning(length) * np.exp(2j * np.pi * hz / RATE * np.arange(length))
        kernels[number, start : start + length] = wave / length
    spectra = np.fft.fft(kernels, axis=1)[:, : FFT // 2 + 1].conj().T / FFT
    return np.ascontiguousarray(spectra, np.complex64)


@lru_cache(maxsize=4)
def _fold(cents: float) -> NDArray[np.float32]:
    hz = np.fft.rfftfreq(FFT // 2, 1 / RATE)[1:]
    semitones = 12 * np.log2(hz / C1_HZ) - cents / 100
    apart = (semitones[:, None] - np.arange(12) + 6) % 12 - 6
    # Semitones to the nearest note of each pitch class, -6 to 6. Half a semitone is one deviation; octaves count by a
    # bell about C5 (48 semitones above C1), two octaves (24) wide, as where harmony lies.
    shares = np.exp(-0.5 * (apart / 0.5) ** 2) * np.exp(-0.5 * ((semitones - 48) / 24) ** 2)[:, None]
    return np.concatenate((np.zeros((1, 12)), shares)).astype(np.float32)


@lru_cache(maxsize=2)
def _window(size: int) -> NDArray[np.float32]:
    return np.hanning(size).astype(np.float32)


def _octaves(constant_q: Frames) -> Frames:
    return np.asarray(constant_q.reshape(len(constant_q), OCTAVES, 12).sum(1))


def _steady(constant_q: Frames) -> Frames:
    along = np.pad(constant_q, ((STEADY_FRAMES // 2,) * 2, (0, 0)), mode="edge")
    across = np.pad(constant_q, ((0, 0), (STEADY_BINS // 2,) * 2), mode="edge")
    steady = np.median(sliding_window_view(along, STEADY_FRAMES, axis=0), axis=-1) ** 2
    stroke = np.median(sliding_window_view(across, STEADY_BINS, axis=1), axis=-1) ** 2
    return np.asarray(steady / np.maximum(steady + stroke, np.finfo(np.float32).tiny), np.float32)


def _unit_max(frames: Frames) -> Frames:
    greatest = frames.max(1, keepdims=True, initial=0)
    sounds = greatest > QUIET * greatest.max(initial=0)
    return np.where(sounds, frames / np.where(sounds, greatest, 1), 0).astype(np.float32)


def _cens(cqt: Frames) -> Frames:
    heard = _unit_max(cqt)
    shares = heard / np.maximum(heard.sum(1, keepdims=True), 1e-9)
    steps = np.sum([shares > step for step in CENS_STEPS], 0) / len(CENS_STEPS)
    bell = np.hanning(CENS_FRAMES + 2)[1:-1]
    padded = np.pad(steps, ((CENS_FRAMES // 2,) * 2, (0, 0)))
    smooth = sliding_window_view(padded, CENS_FRAMES, axis=0) @ (bell / bell.sum())
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    return np.where(length > 0, smooth / np.maximum(length, 1e-9), 0).astype(np.float32)
