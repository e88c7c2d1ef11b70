"""Audio as it comes in and goes out: hostile files decoded as a bounded stream, results encoded as one."""

from chassis.audio.encode import Encoder, encoded_rate
from chassis.audio.loudness import LoudnessMeter
from chassis.audio.resample import Resampler
from chassis.audio.samples import Audio, Samples
from chassis.audio.source import Source
from chassis.audio.track import Track
from chassis.reading import Limits, RawPcm

__all__ = [
    "Audio",
    "Encoder",
    "Limits",
    "LoudnessMeter",
    "RawPcm",
    "Resampler",
    "Samples",
    "Source",
    "Track",
    "encoded_rate",
]
