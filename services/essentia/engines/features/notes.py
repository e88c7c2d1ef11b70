"""Finds the notes of polyphonic music with Basic Pitch's network (Bittner et al. 2022), run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chassis.audio.resample import Resampler
from services.essentia.contract import SAMPLE_RATE

# Hz, and samples of a frame (11.6 ms), that the network was trained at.
RATE, HOP = 22050, 256
# What the network takes at once, and the frames that it gives for it.
WINDOW_SAMPLES, WINDOW_FRAMES = 43844, 172
# 15 frames at each end of a window lack context and are taken from its neighbour.
EDGE = 15
KEPT = WINDOW_FRAMES - 2 * EDGE
STEP = WINDOW_SAMPLES - 2 * EDGE * HOP
# The lowest A of a piano, which the 88 pitches begin with.
LOWEST_MIDI = 21
# Thresholds of the publication: of an onset, of a sounding note; shortest note (128 ms); how long a note may dip.
ONSET, SOUNDING, MIN_FRAMES, MAX_DIP = 0.5, 0.3, 11, 11

Activations = NDArray[np.float32]


@dataclass(frozen=True)
class Note:
    """One note: seconds from the start, MIDI number 21 to 108, mean activation 0 to 1."""

    start_seconds: float
    end_seconds: float
    midi: int
    activation: float


class BasicPitch:
    """The network, loaded once and used for every clip.

    Args:
        path: ``nmp.onnx`` of the distribution basic-pitch.
        threads: Threads that it may use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        # From its bytes, so that there is no folder in which it could look for weights: no file has any elsewhere.
        self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])

    def transcribe(
        self, mono: NDArray[np.float32], sample_rate: int = SAMPLE_RATE, checkpoint: Callable[[], None] = lambda: None
    ) -> tuple[Note, ...]:
        """Finds the notes of finite samples (samples,) at any rate, by start, then from low to high."""
        resampler = Resampler(sample_rate, RATE, 1)
        audio = np.concatenate((resampler.apply(mono[None]), resampler.finish()), 1)[0]
        padded = np.concatenate((np.zeros(EDGE * HOP, np.float32), audio, np.zeros(WINDOW_SAMPLES, np.float32)))
        sounding, onsets = [], []
        for start in range(0, max(audio.size, 1), STEP):
            checkpoint()
            window = padded[None, start : start + WINDOW_SAMPLES, None]
            outputs = ["StatefulPartitionedCall:1", "StatefulPartitionedCall:2"]
            notes, begins = self._session.run(outputs, {"serving_default_input_2:0": window})
            sounding.append(notes[0, EDGE : EDGE + KEPT])
            onsets.append(begins[0, EDGE : EDGE + KEPT])
        frames = np.arange(len(sounding) * KEPT)
        # Windows begin STEP samples apart, which is a little less than the KEPT frames taken from each.
        seconds = (frames // KEPT * STEP + frames % KEPT * HOP) / RATE
        found = gather(np.concatenate(sounding), np.concatenate(onsets))
        length = audio.size / RATE
        return tuple(
            Note(float(seconds[first]), min(float(seconds[min(last, frames[-1])]), length), midi, activation)
            for first, last, midi, activation in found
            if seconds[first] < length
        )


def gather(sounding: Activations, onsets: Activations) -> list[tuple[int, int, int, float]]:
    """Turns activations (frames, 88) into (first frame, frame after the last, MIDI number, mean activation), sorted.

    First every peak of the onsets is followed for as long as its note sounds, the latest first; then, what is left of
    the sounding notes is followed to both sides of its greatest value, for notes that begin too softly for an onset.
    """
    begins, left = _sharpen(onsets, sounding), sounding.copy()
    peaks = np.zeros(begins.shape, bool)
    peaks[1:-1] = (begins[1:-1] > begins[:-2]) & (begins[1:-1] > begins[2:]) & (begins[1:-1] >= ONSET)
    found = []
    for first, pitch in sorted(zip(*np.nonzero(peaks), strict=True), reverse=True):
        last = _follow(left[first:, pitch]) + first
        if last - first > MIN_FRAMES:
            found.append(_take(sounding, left, int(first), int(last), int(pitch)))
    while left.max(initial=0) > SOUNDING:
        middle, pitch = (int(place) for place in np.unravel_index(left.argmax(), left.shape))
        first = middle - _follow(left[middle::-1, pitch]) + 1
        last = middle + _follow(left[middle:, pitch])
        left[middle, pitch] = 0
        note = _take(sounding, left, max(first, 0), last, pitch)
        if last - first > MIN_FRAMES:
            found.append(note)
    return sorted(found)


def _sharpen(onsets: Activations, sounding: Activations) -> Activations:
    # A jump of the sounding activation over one and over two frames counts as an onset too.
    one, two = np.zeros_like(sounding), np.zeros_like(sounding)
    one[1:], two[2:] = np.diff(sounding, axis=0), sounding[2:] - sounding[:-2]
    jump = np.maximum(np.minimum(one, two), 0)
    jump[:2] = 0
    greatest = float(jump.max(initial=0))
    return np.maximum(onsets, jump * (float(onsets.max(initial=0)) / greatest)) if greatest > 0 else onsets


def _follow(activation: Activations) -> int:
    # Frames until the note has been too quiet for MAX_DIP frames, those not counted.
    quiet = 0
    for index, value in enumerate(activation):
        quiet = quiet + 1 if value < SOUNDING else 0
        if quiet >= MAX_DIP:
            return index + 1 - quiet
    return len(activation) - quiet


def _take(sounding: Activations, left: Activations, first: int, last: int, pitch: int) -> tuple[int, int, int, float]:
    activation = float(sounding[first : max(last, first + 1), pitch].mean())
    # A semitone to each side holds what leaks from the note.
    left[first:last, max(pitch - 1, 0) : pitch + 2] = 0
    return first, last, LOWEST_MIDI + pitch, activation
