"""The audio of one analysis, checked before any algorithm sees it, and the mono signal most algorithms want."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon_wire.errors import invalid
from chassis.audio import Audio
from chassis.audio.mixdown import to_mono
from chassis.reports import WarningReport
from services.essentia.contract import MIN_SECONDS, SAMPLE_RATE

Samples = NDArray[np.float32]

# -80 dBFS: below the noise floor of 14 bits, and far above what resampling leaves behind.
SILENT_PEAK = 1e-4
# +120 dBFS. PercivalBpmEstimator never returns for samples about 1e20, which are finite; at 1e10 all still answer.
GREATEST_PEAK = 1e6
# A sine of 20 Hz changes from sample to sample by so much of its own size; and beside it nothing is heard that changes
# by less than -74 dBFS.
SLOWEST_CHANGE, LEAST_CHANGE = 0.003, 2e-4
# -18 dBFS, the RMS of what sounds in evened audio: blocks of 0.4 s within 20 dB of the loudest one. Nothing is raised
# by more than 30 dB, for what is left after rounding would be raised too.
EVEN_RMS, EVEN_BLOCK, SOUNDS, GREATEST_GAIN = 10 ** (-18 / 20), int(0.4 * SAMPLE_RATE), 0.1, 10 ** (30 / 20)


@dataclass(frozen=True)
class Clip:
    """Checked audio at SAMPLE_RATE.

    Attributes:
        channels: float32 (1 or 2, samples), full scale 1, as given.
        mono: float32 (samples,), contiguous: mix of the channels that are not dead, by chassis.audio.mixdown.
        infrasonic: Whether there is nothing above 20 Hz.
        alive: For each channel, whether anything but a constant below SILENT_PEAK is on it.
        warnings: What was found on the way.
        gain: Factor that brings mono to EVEN_RMS.
    """

    channels: Samples
    mono: Samples
    alive: tuple[bool, ...]
    warnings: tuple[WarningReport, ...]
    infrasonic: bool = False
    gain: float = 1.0

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.mono.size / SAMPLE_RATE

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear, apart from an offset that is constant or changes slowly."""
        return self.infrasonic or not any(self.alive)

    def evened(self) -> Samples:
        """Gives mono at one level, a copy: for what must not depend on how loud a recording was made.

        Much of what hears notes and beats has thresholds in full scale, or takes logarithms of one and something.
        """
        return self.mono * np.float32(self.gain)

    def emptied(self) -> Clip:
        """Gives the same clip without its audio."""
        return replace(self, channels=self.channels[:, :0].copy(), mono=np.empty(0, np.float32))

    def windows(self, longest_seconds: float) -> Iterator[tuple[float, Samples]]:
        """Cuts mono into equal windows, none above ``longest_seconds``; yields (start in seconds, samples)."""
        count = max(1, math.ceil(self.seconds / longest_seconds))
        borders = [round(index * self.mono.size / count) for index in range(count + 1)]
        for start, end in itertools.pairwise(borders):
            yield start / SAMPLE_RATE, self.mono[start:end]


def check(audio: Audio) -> Clip:
    """Checks audio and makes its clip.

    Raises:
        AntiphonError: AUDIO_NOT_FINITE, AUDIO_OUT_OF_RANGE, AUDIO_TOO_SHORT.
        ValueError: not one or two channels at SAMPLE_RATE.
    """
    channels = np.ascontiguousarray(audio.samples, np.float32)
    if audio.sample_rate != SAMPLE_RATE or channels.ndim != 2 or channels.shape[0] not in (1, 2):
        raise ValueError(f"{channels.shape} at {audio.sample_rate} Hz: give (1 or 2, samples) at {SAMPLE_RATE} Hz")
    seconds = channels.shape[1] / SAMPLE_RATE
    if seconds < MIN_SECONDS:
        raise invalid(
            "AUDIO_TOO_SHORT",
            f"{seconds:.3f} s of audio is too short to measure; give at least {MIN_SECONDS} s",
            seconds=f"{seconds:.3f}",
            min_seconds=MIN_SECONDS,
        )
    # The greatest magnitude is NaN or infinite where any sample is, and needs no array of flags.
    peak = max(abs(float(channels.max())), abs(float(channels.min())))
    if not math.isfinite(peak):
        raise invalid("AUDIO_NOT_FINITE", "the audio has NaN or infinite samples; give finite ones")
    if peak > GREATEST_PEAK:
        raise invalid(
            "AUDIO_OUT_OF_RANGE",
            f"the greatest sample is {peak:.3g}; full scale is 1, and nothing above {GREATEST_PEAK:.0e} is measured",
            peak=f"{peak:.3g}",
            greatest=GREATEST_PEAK,
        )
    alive = tuple(_moves(channel) for channel in channels)
    mono, warnings = _mix(channels, alive)
    infrasonic = any(alive) and _creeps(mono)
    if infrasonic:
        message = "there is nothing above 20 Hz; only the signal and its level are measured"
        warnings.append(WarningReport("AUDIO_INFRASONIC", message))
    return Clip(channels, mono, alive, (*_describe(channels, alive), *warnings), infrasonic, _gain(mono))


def _gain(mono: Samples) -> float:
    blocks = [mono[start : start + EVEN_BLOCK] for start in range(0, mono.size, EVEN_BLOCK)]
    powers = np.array([np.dot(block, block) / block.size for block in blocks if block.size], np.float64)
    greatest = powers.max(initial=0)
    if not greatest > 0:
        return 1.0
    level = math.sqrt(powers[powers >= greatest * SOUNDS**2].mean())
    return float(min(EVEN_RMS / level, GREATEST_GAIN))


def _moves(channel: Samples) -> bool:
    mean = float(channel.mean(dtype=np.float64))
    return max(float(channel.max()) - mean, mean - float(channel.min())) >= SILENT_PEAK


def _creeps(mono: Samples) -> bool:
    change = float(np.abs(np.diff(mono)).max())
    if change > LEAST_CHANGE:
        return False
    return change < SLOWEST_CHANGE * max(float(mono.max()), -float(mono.min()))


def _mix(channels: Samples, alive: tuple[bool, ...]) -> tuple[Samples, list[WarningReport]]:
    live = [channel for channel, moves in zip(channels, alive, strict=True) if moves]
    if len(live) < 2:
        return np.ascontiguousarray(live[0] if live else channels[0]), []
    mono, warnings = to_mono(channels, SAMPLE_RATE)
    if not warnings:
        return mono, []
    message = "left and right cancel each other when mixed; where mono is needed one is taken with its sign turned"
    return mono, [WarningReport("AUDIO_OUT_OF_PHASE", message)]


def _describe(channels: Samples, alive: tuple[bool, ...]) -> Iterator[WarningReport]:
    if not any(alive):
        offset = float(channels.mean(dtype=np.float64))
        if abs(offset) >= SILENT_PEAK:
            yield WarningReport(
                "AUDIO_CONSTANT",
                f"the audio is a constant {offset:.4f} and nothing else; only the signal and its level are measured",
            )
        else:
            yield WarningReport(
                "AUDIO_SILENT", "no sample is above -80 dBFS; only the signal and its level are measured"
            )
        return
    for name, moves in zip(("left", "right"), alive, strict=False):
        if not moves:
            yield WarningReport(
                "CHANNEL_DEAD", f"the {name} channel is silent; measured on the other one", "signal.stereo_correlation"
            )
