"""Makes what a player draws of a recording: peaks, a spectrogram in tiles, the loudness over time.

All of it comes from window to window and is small: 200 bytes a second of peaks, 960 of spectrogram, 80 of loudness, so
that four hours fit one message. It is not for measuring: levels are rounded to 0.4 dB, peaks to 1/127 of full scale.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import ebu, shape
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import Framer
from services.essentia.engines.features.sheet import Sheet

PEAKS_PER_SECOND, COLUMNS_PER_SECOND, LOUDNESS_PER_SECOND = 100, 10, 10
# Samples of a frame, 93 ms, every 50 ms; a column is the mean power of two, 0.1 s.
FRAME, HOP, FRAMES_A_COLUMN = 4096, 2205, 2
# Mel bands of the spectrogram, by O'Shaughnessy's scale, between these frequencies.
BANDS, LOW_HZ, HIGH_HZ = 96, 30.0, 16000.0
# 30 s: a tile is what a player fetches and draws at once.
COLUMNS_A_TILE = 300
# A full-scale sine is 0 dB in the band that it is in.
FLOOR_DB, CEILING_DB = -100.0, 0.0


class Overview:
    """Gathers the overview of the whole."""

    def __init__(self) -> None:
        self._peaks, self._columns = bytearray(), bytearray()
        self._rest: Samples = np.empty((0, 0), np.float32)
        self._framer = Framer(FRAME, HOP)
        self._power = np.empty((0, BANDS), np.float32)

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        channels, size = window.clip.channels, SAMPLE_RATE // PEAKS_PER_SECOND
        known = np.concatenate((self._rest, channels), axis=1) if self._rest.size else channels
        whole = known.shape[1] // size * size
        self._add_peaks(known[:, :whole].reshape(len(known), -1, size))
        self._rest = known[:, whole:].copy()
        for frames in self._framer.feed(window.clip.mono):
            self._add_frames(frames)

    def finish(self, sheet: Sheet) -> None:
        """Fills the group."""
        if self._rest.size:
            self._add_peaks(self._rest[:, None])
        for frames in self._framer.finish():
            self._add_frames(frames)
        if len(self._power):
            self._add_columns(self._power.mean(0)[None])
        size = COLUMNS_A_TILE * BANDS
        loudness = ebu.levels(ebu.sliding(sheet.gauge.blocks(), ebu.MOMENTARY)[:: ebu.STEP])
        values = sheet.groups["overview"]
        values.put("peaks_per_second", PEAKS_PER_SECOND)
        values["peaks"] = bytes(self._peaks)
        values.put("columns_per_second", COLUMNS_PER_SECOND)
        values.put("tile_seconds", COLUMNS_A_TILE / COLUMNS_PER_SECOND)
        values.put_array("band_hz", _edges()[1:-1])
        values.put("floor_db", FLOOR_DB)
        values.put("ceiling_db", CEILING_DB)
        values["tiles"] = tuple(
            {
                "start_seconds": start / BANDS / COLUMNS_PER_SECOND,
                "column_count": len(self._columns[start : start + size]) // BANDS,
                "levels": bytes(self._columns[start : start + size]),
            }
            for start in range(0, len(self._columns), size)
        )
        values.put("loudness_per_second", LOUDNESS_PER_SECOND)
        values.put_array("momentary_lufs", loudness)

    def _add_peaks(self, pieces: NDArray[np.float32]) -> None:
        """Adds the least and the greatest sample of any channel of (channels, pieces, samples)."""
        both = np.stack((pieces.min((0, 2)), pieces.max((0, 2))), axis=1)
        self._peaks += np.clip(np.round(both * 127), -127, 127).astype(np.int8).tobytes()

    def _add_frames(self, frames: NDArray[np.float32]) -> None:
        power = np.square(np.abs(np.fft.rfft(frames * shape.window("hann", FRAME)))) @ _bands()
        known = np.concatenate((self._power, power))
        whole = len(known) // FRAMES_A_COLUMN * FRAMES_A_COLUMN
        self._add_columns(known[:whole].reshape(-1, FRAMES_A_COLUMN, BANDS).mean(1))
        self._power = known[whole:]

    def _add_columns(self, power: NDArray[np.float32]) -> None:
        levels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
        scaled = (levels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)
        self._columns += np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8).tobytes()


@lru_cache(maxsize=1)
def _edges() -> NDArray[np.float64]:
    low, high = 2595 * np.log10(1 + np.array((LOW_HZ, HIGH_HZ)) / 700)
    return np.asarray(700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1))


@lru_cache(maxsize=1)
def _bands() -> NDArray[np.float32]:
    """Triangles (bins, bands) that reach 1 at their middle, scaled so that a full-scale sine there has power 1."""
    edges, hz = _edges(), np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)[:, None]
    # No triangle is so narrow that a tone falls between two bins.
    width = np.maximum(np.diff(edges), 2 * SAMPLE_RATE / FRAME)
    rising, falling = (hz - edges[1:-1]) / width[:-1] + 1, (edges[1:-1] - hz) / width[1:] + 1
    weights = np.maximum(0, np.minimum(rising, falling))
    window = shape.window("hann", FRAME).astype(np.float64)
    return np.asarray(weights / (np.square(window).sum() * FRAME / 4), np.float32)
