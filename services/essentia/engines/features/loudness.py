"""Measures the loudness group: level, EBU R128, older models, true peak, bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import SAMPLE_RATE
from services.essentia.engines.features import ebu
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.frames import Column, Framer
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import Values, decibels
from services.essentia.essentia_library import es

# Windows of EBU Tech 3341: a shorter clip has no such loudness.
MOMENTARY_SECONDS, SHORT_TERM_SECONDS = 0.4, 3.0
# ReplayGain has heard nothing at all where it would answer more, and DynamicComplexity where its level is less.
NO_REPLAY_GAIN_DB, NO_LEVEL_DB = 68.0, -99.0
# Robinson's proposal (2001): powers of 50 ms, of which the one that 95 % do not exceed is the loudness.
REPLAY_GAIN_BLOCK, REPLAY_GAIN_SHARE = SAMPLE_RATE // 20, 0.95
# Level of pink noise at the reference loudness, by the proposal.
REPLAY_GAIN_REFERENCE_DB = -31.492595672607422
# Samples of a step of Vickers' model, 40 ms, about its time constant; steps this far below the loudest are pauses.
VICKERS_STEP, VICKERS_PAUSE_DB = 1764, 40.0
# Loudness that ReplayGain 2.0 brings recordings to.
REPLAY_GAIN_2_LUFS = -18.0
# Samples: 46 ms every 23 ms, each frame two blocks of a hop.
FRAME, HOP = 2048, 1024
# RMS of -60 dBFS, below which a frame counts as silence for silence_ratio.
SILENT_FRAME = 1e-3
# Frames with Vorbis's flanks, whose squares add up to 1: no sample counts more than another, and a tone does not leak.
BAND_FRAME, BAND_FLANK = 8192, 2048
# As older systems cut them, whose names the fields keep; from the lowest that is heard to the highest that there is.
BANDS_HZ = {"bass": (20, 120), "body": (120, 600), "mid": (600, 2500), "air": (2500, 22000)}
# 24 bits reach so far down; below is the rounding noise of the transform.
LOWEST_BAND_DBFS = -144.0


class Level:
    """What needs no loudness model and is true of silence too: peaks, RMS, crest, frames."""

    def __init__(self) -> None:
        self._rest: Samples = np.empty(0, np.float32)
        self._half_frames = Column()

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        mono = window.clip.mono
        squares, rest = _block_squares(np.concatenate((self._rest, mono)) if self._rest.size else mono, HOP)
        whole = squares[: squares.size - bool(rest)]
        self._half_frames.add(whole)
        self._rest = mono[mono.size - rest :].copy() if rest else np.empty(0, np.float32)

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields."""
        values, gauge = sheet.groups["loudness"], sheet.gauge
        rms = (gauge.squares / gauge.samples) ** 0.5
        values.put("peak", gauge.peak)
        values.put("true_peak_dbtp", decibels(gauge.true_peak))
        values.put("rms", rms)
        values.put("rms_dbfs", decibels(rms))
        if rms > 0:
            values.put("crest_factor_db", decibels(gauge.peak / rms))
        halves = self._half_frames.take().astype(np.float64)
        frames = np.sqrt((halves[1:] + halves[:-1]) / FRAME) if halves.size > 1 else np.array([rms])
        values.put_stats("frame_rms", frames)
        values.put("silence_ratio", float((frames < SILENT_FRAME).mean()))
        sheet.keep("mono_power", HOP / SAMPLE_RATE, halves / HOP)


class Loudness:
    """What EBU R128 and the older loudness models say."""

    def __init__(self) -> None:
        self._equal = es.EqualLoudness(sampleRate=SAMPLE_RATE)
        self._vickers = es.LoudnessVickers()
        self._equal_powers, self._steps = Column(), Column()
        self._stepper = Framer(VICKERS_STEP, VICKERS_STEP)
        self._complexities: list[tuple[float, float, float]] = []

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        clip = window.clip
        squares, rest = _block_squares(np.asarray(self._equal(clip.mono)), REPLAY_GAIN_BLOCK)
        self._equal_powers.add(squares[: squares.size - bool(rest)] / REPLAY_GAIN_BLOCK)
        # The model remembers: it tells the loudness at the end of what it is given, after all that came before.
        for steps in self._stepper.feed(clip.mono):
            self._steps.add(np.array([self._vickers(step) for step in steps]))
        if clip.seconds >= 1:
            complexity, level = es.DynamicComplexity(sampleRate=SAMPLE_RATE)(clip.mono)
            if level > NO_LEVEL_DB:
                self._complexities.append((float(complexity), float(level), clip.seconds))

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields."""
        values = sheet.groups["loudness"]
        _put_r128(sheet, sheet.gauge.blocks())
        level, loudness = values.get("true_peak_dbtp"), values.get("integrated_lufs")
        if isinstance(level, float) and isinstance(loudness, float):
            values.put("peak_to_loudness_db", level - loudness)
        powers = np.sort(self._equal_powers.take())
        if powers.size:
            loud = float(powers[min(powers.size - 1, int(REPLAY_GAIN_SHARE * powers.size))])
            gain = REPLAY_GAIN_REFERENCE_DB - 10 * np.log10(max(loud, 1e-10))
            values.put("replay_gain_db", gain if gain < NO_REPLAY_GAIN_DB else None)
        if self._complexities:
            complexity, level, seconds = np.array(self._complexities).T
            values.put("dynamic_complexity_db", float(np.average(complexity, weights=seconds)))
            values.put("dynamic_loudness_db", float(np.average(level, weights=seconds)))
        steps = self._steps.take()
        if sheet.seconds >= 1:
            heard = steps[steps >= steps.max() - VICKERS_PAUSE_DB]
            values.put("loudness_vickers_db", float(heard.mean(dtype=np.float64)))


class Bands:
    """The RMS of four bands over all channels."""

    def __init__(self) -> None:
        self._framers: list[Framer] = []
        self._power = np.zeros(BAND_FRAME // 2 + 1)
        self._squares, self._samples = 0.0, 0
        flank = np.sin(0.5 * np.pi * np.sin(0.5 * np.pi * (np.arange(BAND_FLANK) + 0.5) / BAND_FLANK) ** 2)
        plateau = np.ones(BAND_FRAME - 2 * BAND_FLANK)
        self._window = np.concatenate((flank, plateau, flank[::-1])).astype(np.float32)

    def feed(self, window: Sheet) -> None:
        """Adds a window."""
        channels = window.clip.channels
        self._framers = self._framers or [Framer(BAND_FRAME, BAND_FRAME - BAND_FLANK) for _ in channels]
        self._samples += channels.size
        for channel, framer in zip(channels, self._framers, strict=True):
            window.checkpoint()
            self._squares += float(_block_squares(channel, HOP)[0].sum())
            for frames in framer.feed(channel):
                self._add(frames)

    def finish(self, sheet: Sheet) -> None:
        """Fills the fields."""
        # A frame that the clip's end cuts off leaks into all bands, and counts only where there is no other.
        if not self._power.any():
            for framer in self._framers:
                for frames in framer.finish():
                    self._add(frames)
        # Both halves of the spectrum; only the share counts, so the flanks at both ends of the clip do no harm.
        self._power[1:-1] *= 2
        total = float(self._power.sum())
        if total <= 0:
            return
        frequencies = np.fft.rfftfreq(BAND_FRAME, 1 / SAMPLE_RATE)
        for name, (low, high) in BANDS_HZ.items():
            share = float(self._power[(frequencies >= low) & (frequencies < high)].sum()) / total
            level = decibels((share * self._squares / self._samples) ** 0.5)
            if level is not None and level >= LOWEST_BAND_DBFS:
                sheet.groups["loudness"].put(f"rms_energy_{name}_dbfs", level)

    def _add(self, frames: NDArray[np.float32]) -> None:
        spectra = np.fft.rfft(frames * self._window)
        self._power += np.einsum("ij,ij->j", spectra.real, spectra.real)
        self._power += np.einsum("ij,ij->j", spectra.imag, spectra.imag)


def _put_r128(sheet: Sheet, blocks: NDArray[np.float64]) -> None:
    values, seconds = sheet.groups["loudness"], sheet.seconds
    sheet.keep("weighted_power", ebu.BLOCK_SECONDS, blocks)
    if seconds < MOMENTARY_SECONDS:
        message = f"{seconds:.2f} s is shorter than the 0.4 s over which loudness is defined"
        sheet.warn("AUDIO_SHORT", message, "loudness.integrated_lufs")
        return
    integrated = ebu.integrated(blocks)
    values.put("integrated_lufs", integrated)
    if integrated is not None:
        values.put("replay_gain_2_db", REPLAY_GAIN_2_LUFS - integrated)
    _put_greatest(values, "momentary_max_lufs", ebu.sliding(blocks, ebu.MOMENTARY))
    if integrated is None:
        sheet.warn("LOUDNESS_BELOW_GATE", "nothing is above -70 LUFS", "loudness.integrated_lufs")
    if seconds < SHORT_TERM_SECONDS:
        message = f"{seconds:.2f} s is shorter than the 3 s of short-term loudness"
        sheet.warn("AUDIO_SHORT", message, "loudness.short_term_max_lufs")
        return
    short_term = ebu.sliding(blocks, ebu.SHORT_TERM)
    _put_greatest(values, "short_term_max_lufs", short_term)
    sheet.series.put_array("short_term_lufs", ebu.levels(short_term[:: ebu.BLOCKS_PER_SECOND]))
    if integrated is not None:
        values.put("loudness_range_lu", ebu.loudness_range(blocks))


def _put_greatest(values: Values, name: str, powers: NDArray[np.float64]) -> None:
    values.put(name, ebu.lufs(float(powers.max())) if powers.size else None)


def _block_squares(samples: Samples, size: int) -> tuple[NDArray[np.float64], int]:
    """Sums of squares over blocks of ``size`` samples, the last one shorter by what it lacks; and that one's length."""
    count, rest = divmod(samples.size, size)
    blocks = samples[: count * size].reshape(count, size)
    sums = np.einsum("ij,ij->i", blocks, blocks).astype(np.float64)
    if rest:
        last = samples[count * size :]
        sums = np.append(sums, float(np.dot(last, last)))
    return sums, rest
