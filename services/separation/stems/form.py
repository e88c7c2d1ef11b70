"""How stems are to come out: encoding, rates, channels, gain."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon_wire.errors import invalid
from chassis.audio import encoded_rate
from chassis.audio.tags import Tags
from chassis.encodings import Encoding


@dataclass(frozen=True)
class Form:
    """How stems are to come out.

    Attributes:
        encoding: How to encode.
        model_rate: Rate of the samples that come in (Hz).
        sample_rate: Rate of those that are encoded (Hz).
        channels: Channels of both.
        gain: Factor for every sample.
        tags: What each stem says of its music; None for nothing.
    """

    encoding: Encoding
    model_rate: int
    sample_rate: int
    channels: int
    gain: float = 1.0
    tags: Tags | None = None


def output_rate(encoding: str, asked: int | None, model_rate: int, source_rate: int) -> int:
    """Decides the rate (Hz) that stems are encoded at.

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
