"""The voice encoder of Resemblyzer (Wan and others 2018, "Generalized end-to-end loss"), in numpy.

Three layers of LSTM over 40 mel bands, 100 frames a second; the last state goes through a linear layer and a rectifier,
and is given the length 1. Two stretches of one voice point the same way, whatever is said.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BANDS = 40
WIDTH = 256
LAYERS = 3
BATCH = 64
"""Stretches that go through the network at once: enough for large products, and 20 MB."""
_GATES = 4
_INPUTS = (BANDS, *(WIDTH,) * (LAYERS - 1))
SIZE = sum(_GATES * WIDTH * (inputs + WIDTH + 1) for inputs in _INPUTS) + WIDTH * (WIDTH + 1)
"""Numbers of the network: of each layer the input, the recurrent weights and the bias, then the linear layer's."""

Floats = NDArray[np.float32]


class VoiceEncoder:
    """The network with its weights.

    Args:
        path: A ``.npy`` file of SIZE float32 numbers, as :mod:`services.speech.speakers.conversion` writes it.

    Raises:
        ValueError: the file holds another network, or numbers that are none.
    """

    def __init__(self, path: Path) -> None:
        numbers = np.load(path, allow_pickle=False)
        if numbers.dtype != np.float32 or numbers.shape != (SIZE,) or not np.isfinite(numbers).all():
            raise ValueError(f"{path.name} holds {numbers.shape} {numbers.dtype}; wanted ({SIZE},) finite float32")
        self._layers: list[tuple[Floats, Floats, Floats]] = []
        at = 0

        def take(*shape: int) -> Floats:
            nonlocal at
            at += (count := int(np.prod(shape)))
            return np.asarray(numbers[at - count : at]).reshape(shape)

        for inputs in _INPUTS:
            first, again, bias = take(_GATES * WIDTH, inputs), take(_GATES * WIDTH, WIDTH), take(_GATES * WIDTH)
            self._layers.append((np.ascontiguousarray(first.T), np.ascontiguousarray(again.T), bias))
        self._linear, self._bias = np.ascontiguousarray(take(WIDTH, WIDTH).T), take(WIDTH)

    def embed(self, mels: Floats, checkpoint: Callable[[], None] = lambda: None) -> Floats:
        """Gives the direction of each of some stretches of one length.

        Args:
            mels: Mel power, (stretches, frames, BANDS), of up to BATCH stretches.
            checkpoint: Called before each layer; may raise to end it.

        Returns:
            (stretches, WIDTH), each of length 1 and nowhere below 0; all 0 where the network says nothing.
        """
        outputs = mels.transpose(1, 0, 2)
        for first, again, bias in self._layers:
            checkpoint()
            outputs = _lstm(outputs @ first + bias, again)
        raw = np.maximum(outputs[-1] @ self._linear + self._bias, 0)
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.asarray(raw / np.maximum(length, np.finfo(np.float32).tiny), np.float32)


def _lstm(driven: Floats, again: Floats) -> Floats:
    """Runs a layer; ``driven`` (frames, batch, 4 · WIDTH) is what its input says to the gates, in torch's order."""
    frames, batch, _ = driven.shape
    state, cell = np.zeros((batch, WIDTH), np.float32), np.zeros((batch, WIDTH), np.float32)
    states = np.empty((frames, batch, WIDTH), np.float32)
    for frame in range(frames):
        gates = driven[frame] + state @ again
        let_in, forget, give = (_sigmoid(gates[:, at * WIDTH : (at + 1) * WIDTH]) for at in (0, 1, 3))
        cell = forget * cell + let_in * np.tanh(gates[:, 2 * WIDTH : 3 * WIDTH])
        state = states[frame] = give * np.tanh(cell)
    return states


def _sigmoid(values: Floats) -> Floats:
    # By tanh, which does not overflow.
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), np.float32)
