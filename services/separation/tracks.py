"""One stem while it is made: brought to its rate and gain, measured, encoded, cut into pieces to send."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from antiphon_wire.errors import invalid
from chassis import audio
from chassis.audio import LoudnessMeter, Resampler, encoded_rate
from services.separation.contract import MAX_BLOCK_BYTES, StemBlock, StemFacts

LARGEST = 1 - 2**-15
"""Peak that rescaling aims at, full scale 1.0: the largest value of 16 bits, which no encoding here clips."""


@dataclass(frozen=True)
class Form:
    """How stems are to come out.

    Attributes:
        encoding: One that ``chassis.audio.Encoder`` knows.
        model_rate: Rate of the samples that come in (Hz).
        sample_rate: Rate of those that are encoded (Hz).
        channels: Channels of both.
        gain: Factor for every sample.
    """

    encoding: str
    model_rate: int
    sample_rate: int
    channels: int
    gain: float = 1.0


def output_rate(encoding: str, asked: int | None, model_rate: int, source_rate: int) -> int:
    """The rate (Hz) that stems are encoded at.

    Args:
        encoding: One that ``chassis.audio.Encoder`` knows.
        asked: Rate asked for (Hz); 0 for that of the source, None for that of the model.
        model_rate: Rate of the model (Hz).
        source_rate: Rate of the upload (Hz).

    Raises:
        AntiphonError: INVALID_ARGUMENT, ``OUTPUT_SAMPLE_RATE``: a rate was named that the encoding does not have. Where
            none was named, the encoding's own takes its place.
    """
    wanted = model_rate if asked is None else asked or source_rate
    rate = encoded_rate(encoding, wanted)
    if asked and rate != wanted:
        raise invalid(
            "OUTPUT_SAMPLE_RATE",
            f"{encoding} has no sample rate of {wanted} Hz; ask for {rate} Hz, or for another encoding",
            field="config.output_sample_rate_hertz",
            encoding=encoding,
            sample_rate=wanted,
            nearest=rate,
        )
    return rate


class Peak:
    """A stem that is only looked at: how far it reaches, at the rate it would be encoded at.

    Attributes:
        value: Largest absolute sample so far, full scale 1.0; None where there was none.
    """

    def __init__(self, form: Form) -> None:
        self._resampler = Resampler(form.model_rate, form.sample_rate, form.channels)
        self.value: float | None = None

    def add(self, samples: np.ndarray) -> None:
        """Takes float32 ``(channels, samples)`` at the model's rate."""
        self._look(self._resampler.apply(samples))

    def finish(self) -> None:
        """Takes what the resampler still holds."""
        self._look(self._resampler.finish())

    def _look(self, samples: np.ndarray) -> None:
        if samples.shape[1]:
            self.value = max(self.value or 0.0, float(np.abs(samples).max()))


class Track:
    """A stem that is sent.

    Args:
        stem: Its name.
        form: How it is to come out.
    """

    def __init__(self, stem: str, form: Form) -> None:
        self.stem = stem
        self._loudness = LoudnessMeter(form.sample_rate, form.channels)
        self._track = audio.Track(
            form.encoding, form.model_rate, form.sample_rate, form.channels, MAX_BLOCK_BYTES, form.gain, self._loudness
        )

    def add(self, samples: np.ndarray, first_frame: int) -> Iterator[StemBlock]:
        """Takes float32 ``(channels, samples)`` at the model's rate, gives the pieces that are ready."""
        for data, last in self._track.add(samples):
            yield StemBlock(self.stem, data, first_frame, last)

    def finish(self, frames: int) -> Iterator[StemBlock]:
        """Gives the rest, the last piece marked; ``frames`` came in."""
        for data, last in self._track.finish():
            yield StemBlock(self.stem, data, frames, last)

    def facts(self, energy_share: float | None) -> StemFacts:
        """What it has become; to be asked once, after :meth:`finish`."""
        track = self._track
        return StemFacts(
            name=self.stem,
            frames=track.frames,
            sample_rate=track.sample_rate,
            channels=track.channels,
            encoding=track.encoding,
            byte_count=track.byte_count,
            sha256=track.sha256,
            peak=track.peak,
            peak_dbfs=20 * math.log10(track.peak) if track.peak else None,
            rms_dbfs=track.rms_dbfs,
            integrated_lufs=self._loudness.finish(),
            energy_share=energy_share,
            clipped=track.clipped,
        )
