"""Integrated loudness by ITU-R BS.1770-4, measured while the samples come, by FFmpeg's ebur128 filter."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from chassis.audio.encode_libav import LAYOUTS
from chassis.audio.samples import Samples

GATE_LUFS = -70.0
"""Absolute gate of the recommendation: what is not above it has no loudness."""

_KEY = "lavfi.r128.I"


class LoudnessMeter:
    """Measures a stream in memory that does not grow with it; the answer does not depend on how the stream was cut.

    FFmpeg counts blocks of 400 ms in a histogram of 0.01 LU, and its filters are those of the recommendation to within
    0.05 LU at 8 kHz and more, to 0.2 LU below.

    Args:
        sample_rate: Rate of the samples (Hz).
        channels: Their number, 1 to 8; more than two are taken for the loudspeakers that FLAC assigns to so many.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._layout = sample_rate, LAYOUTS[channels]
        self._graph = Graph()
        self._input = self._graph.add_abuffer(
            sample_rate=sample_rate, format="fltp", layout=self._layout, time_base=Fraction(1, sample_rate)
        )
        meter = self._graph.add("ebur128", "metadata=1:framelog=quiet")
        self._output = self._graph.add("abuffersink")
        self._input.link_to(meter)
        meter.link_to(self._output)
        self._graph.configure()
        self._position = 0
        self._found = GATE_LUFS

    def feed(self, samples: Samples) -> None:
        """Takes float32 (channels, n), n >= 0, finite."""
        if not samples.shape[1]:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._position, Fraction(1, self._rate)
        self._position += samples.shape[1]
        self._input.push(frame)
        self._take()

    def finish(self) -> float | None:
        """Integrated loudness (LUFS) of all that was fed; None where nothing was above the gate or it was under 400 ms.

        The meter is of no use afterwards.
        """
        self._input.push(None)
        self._take()
        return self._found if self._found > GATE_LUFS else None

    def _take(self) -> None:
        while True:
            try:
                frame = self._output.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            text = frame.metadata.get(_KEY)
            if text is not None:
                self._found = float(text)
