"""Whole decoding of damaged files, at once and as a live stream: finite samples, or a refusal that blames the audio."""

from __future__ import annotations

import numpy as np

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.audio.live import LiveSource
from chassis.reading import Limits
from fuzz.recordings import recordings
from fuzz.scratch import in_a_file
from fuzz.target import FindingError, Target
from fuzz.targets.headers import WORDS

_LIMITS = Limits(max_seconds=600, max_wall_seconds=5)


def _accepts(data: bytes) -> bool:
    accepted = False
    for decode in (_file, _live):
        try:
            samples = decode(data)
        except AntiphonError as error:
            if error.code != "INVALID_ARGUMENT" or not error.reason.startswith("AUDIO_"):
                raise FindingError(f"a refusal is {error.code} {error.reason}") from error
            continue
        if not np.isfinite(samples).all():
            raise FindingError("a sample is no number")
        accepted = True
    return accepted


def _file(data: bytes) -> np.ndarray:
    return Source(in_a_file(data), limits=_LIMITS).read(16_000, 1).samples


def _live(data: bytes) -> np.ndarray:
    source = LiveSource(16_000, limits=_LIMITS)
    try:
        parts = [source.feed(data[at : at + 4096]) for at in range(0, len(data), 4096)]
        return np.concatenate([*parts, source.finish()], axis=-1)
    finally:
        source.close()


TARGET = Target("decoding", recordings, _accepts, WORDS)
