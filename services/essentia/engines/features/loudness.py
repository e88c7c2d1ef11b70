"""Measures the loudness group: EBU R128, true peak, level, dynamics, bands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.essentia.engine import SAMPLE_RATE
from services.essentia.engines.features.clip import Samples
from services.essentia.engines.features.library import es
from services.essentia.engines.features.sheet import Sheet
from services.essentia.engines.features.values import Values, decibels

# Absolute gate of BS.1770: what is not above it has no loudness.
GATE_LUFS = -70.0
MOMENTARY_SECONDS, SHORT_TERM_SECONDS = 0.4, 3.0
HOP_SECONDS = 0.1
# ReplayGain answers 68.5 dB, and DynamicComplexity -100 dB, where they hear nothing at all.
NO_REPLAY_GAIN_DB, NO_LEVEL_DB = 68.0, -99.0
FRAME, HOP = 2048, 1024
SILENT_FRAME = 1e-3
BAND_FRAME = 8192
BANDS_HZ = {"bass": (20, 120), "body": (120, 600), "mid": (600, 2500), "air": (2500, 22000)}
# 24 bits reach so far down; below is the rounding noise of the transform.
LOWEST_BAND_DBFS = -144.0
OVERSAMPLING, TAPS_PER_PHASE = 4, 12
PIECE = 1 << 20


def measure_level(sheet: Sheet) -> None:
    """Fills what needs no loudness model and is true of silence too: peak, rms, crest, frames."""
    values, channels = sheet.groups["loudness"], sheet.clip.channels
    peak = max(abs(float(channels.max())), abs(float(channels.min())))
    rms = float(np.sqrt(np.mean([np.square(channel, dtype=np.float64).mean() for channel in channels])))
    values.put("peak", peak)
    values.put("rms", rms)
    values.put("rms_dbfs", decibels(rms))
    if rms > 0:
        values.put("crest_factor_db", decibels(peak / rms))
    frames = _frame_rms(sheet.clip.mono)
    values.put_stats("frame_rms", frames)
    values.put("silence_ratio", float((frames < SILENT_FRAME).mean()))


def measure_loudness(sheet: Sheet) -> None:
    """Fills what EBU R128 and the older loudness models say."""
    values, clip = sheet.groups["loudness"], sheet.clip
    _measure_r128(sheet)
    sheet.checkpoint()
    mono = clip.mono
    gain = float(es.ReplayGain(sampleRate=SAMPLE_RATE)(mono))
    values.put("replay_gain_db", gain if gain < NO_REPLAY_GAIN_DB else None)
    if clip.seconds >= 1:
        complexity, level = es.DynamicComplexity(sampleRate=SAMPLE_RATE)(mono)
        if level > NO_LEVEL_DB:
            values.put("dynamic_complexity_db", complexity)
            values.put("dynamic_loudness_db", level)
        seconds = mono[: int(clip.seconds) * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)
        values.put("loudness_vickers_db", float(np.mean([es.LoudnessVickers()(second) for second in seconds])))


def measure_true_peak(sheet: Sheet) -> None:
    """Fills the true peak and its distance from the loudness.

    A windowed sinc in 4 phases of 12 taps, the order of BS.1770-5 annex 2. Essentia's TruePeakDetector is not used: at
    its quality 3 and 4 it holds or draws straight lines between samples, which never rise above them, and at 1 and 2 it
    costs 7 to 14 times as much.
    """
    values = sheet.groups["loudness"]
    peak = 0.0
    for channel in sheet.clip.channels:
        for piece in _pieces(channel, PIECE, TAPS_PER_PHASE):
            sheet.checkpoint()
            between = max(float(np.abs(np.convolve(piece, phase)).max()) for phase in _PHASES)
            peak = max(peak, between, float(np.abs(piece).max()))
    level = decibels(peak)
    values.put("true_peak_dbtp", level)
    loudness = values.get("integrated_lufs")
    if level is not None and isinstance(loudness, float):
        values.put("peak_to_loudness_db", level - loudness)


def measure_bands(sheet: Sheet) -> None:
    """Fills the RMS of four bands, from the power spectrum of half-overlapping Hann frames."""
    values = sheet.groups["loudness"]
    size = min(BAND_FRAME, sheet.clip.mono.size)
    power = np.mean([_power_spectrum(sheet, channel, size) for channel in sheet.clip.channels], 0)
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    for name, (low, high) in BANDS_HZ.items():
        energy = float(power[(frequencies >= low) & (frequencies < high)].sum())
        level = decibels(energy**0.5)
        if level is not None and level >= LOWEST_BAND_DBFS:
            values.put(f"rms_energy_{name}_dbfs", level)


def _measure_r128(sheet: Sheet) -> None:
    values, clip = sheet.groups["loudness"], sheet.clip
    if clip.seconds < MOMENTARY_SECONDS:
        message = f"{clip.seconds:.2f} s is shorter than the 0.4 s over which loudness is defined"
        sheet.warn("AUDIO_SHORT", message, "loudness.integrated_lufs")
        return
    # BS.1770 counts each channel once, so a single channel is given beside a silent one, not beside itself.
    left, right = clip.channels if len(clip.channels) == 2 else (clip.channels[0], np.zeros_like(clip.channels[0]))
    meter = es.LoudnessEBUR128(sampleRate=SAMPLE_RATE, hopSize=HOP_SECONDS)
    momentary, short_term, integrated, spread = meter(np.stack((left, right), 1))
    _put_above_gate(values, "integrated_lufs", integrated)
    _put_above_gate(values, "momentary_max_lufs", momentary.max() if len(momentary) else None)
    if integrated <= GATE_LUFS:
        sheet.warn("LOUDNESS_BELOW_GATE", "nothing is above -70 LUFS", "loudness.integrated_lufs")
    if clip.seconds < SHORT_TERM_SECONDS:
        message = f"{clip.seconds:.2f} s is shorter than the 3 s of short-term loudness"
        sheet.warn("AUDIO_SHORT", message, "loudness.short_term_max_lufs")
        return
    if len(short_term):
        _put_above_gate(values, "short_term_max_lufs", short_term.max())
        per_second = np.maximum(short_term[:: round(1 / HOP_SECONDS)], GATE_LUFS)
        sheet.series.put_array("short_term_lufs", per_second)
    # The range of a single value is not known to be 0.
    if integrated > GATE_LUFS and len(short_term) > 1:
        values.put("loudness_range_lu", spread)


def _put_above_gate(values: Values, name: str, loudness: float | None) -> None:
    values.put(name, loudness if loudness is not None and loudness > GATE_LUFS else None)


def _frame_rms(mono: Samples) -> NDArray[np.float64]:
    count = mono.size // HOP
    if count < 2:
        return np.sqrt([np.square(mono, dtype=np.float64).mean()])
    blocks = np.square(mono[: count * HOP]).reshape(count, HOP).sum(1, dtype=np.float64)
    return np.asarray(np.sqrt((blocks[1:] + blocks[:-1]) / FRAME))


def _power_spectrum(sheet: Sheet, channel: Samples, size: int) -> NDArray[np.float64]:
    window = np.hanning(size).astype(np.float32)
    total, count = np.zeros(size // 2 + 1), 0
    hop = size // 2
    for piece in _pieces(channel, 256 * size, size - hop):
        sheet.checkpoint()
        frames = np.lib.stride_tricks.sliding_window_view(piece, size)[::hop] if piece.size >= size else ()
        if len(frames):
            total += np.square(np.abs(np.fft.rfft(frames * window))).sum(0)
            count += len(frames)
    # Parseval: |X|² summed over both halves is size times the windowed energy; the window's own energy is taken out.
    power = total / (max(count, 1) * size * float(np.square(window, dtype=np.float64).sum()))
    power[1 : (size + 1) // 2] *= 2
    return np.asarray(power)


def _pieces(channel: Samples, step: int, overlap: int) -> Iterator[Samples]:
    for start in range(0, channel.size, step):
        yield channel[start : start + step + overlap]


def _interpolators() -> list[NDArray[np.float32]]:
    # h(k) = sinc(k / 4) under a Kaiser window. Every fourth tap, from one of 4 places on, is one phase; the phase of
    # the samples themselves is the identity and is left out.
    half = OVERSAMPLING * TAPS_PER_PHASE // 2
    taps = np.arange(-half, half + 1)
    kernel = np.sinc(taps / OVERSAMPLING) * np.kaiser(taps.size, 8.0)
    return [kernel[phase::OVERSAMPLING].astype(np.float32) for phase in range(1, OVERSAMPLING)]


_PHASES = _interpolators()
