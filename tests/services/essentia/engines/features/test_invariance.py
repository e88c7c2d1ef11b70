"""What listeners do not hear changes no number that is about music: one song, made over and still the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import av
import numpy as np
import pytest

from chassis.audio import Source
from chassis.audio.resample import Resampler
from services.essentia.contract import AnalysisRequest, GroupFeatures, StoredFormat
from services.essentia.engines.features import Features
from tests.services.essentia import signals

RATE = signals.SAMPLE_RATE
Answer = Mapping[str, object]

SAME: Mapping[str, float | None] = {
    # A name is the same name.
    "tonal.key_tonic": None, "tonal.key_scale": None,
    # Beats lie on a grid of 11.6 ms; over twenty seconds 0.1 % are two steps of it.
    "rhythm.bpm": 0.12, "rhythm.beat_interval_seconds_mean": 0.002,
    # One at the very beginning, which silence in front makes one and a cut may take away.
    "rhythm.onset_count": 1,
    # Fluctuations of windows that begin elsewhere.
    "rhythm.danceability": 0.25, "loudness.dynamic_complexity_db": 1.5,
    # TuningFrequency counts in bins of 1 cent, which the frames of another grid share out anew.
    "tonal.tuning_cents": 3, "tonal.chroma": 0.03, "tonal.atonality": 0.05, "tonal.dissonance_mean": 0.09,
    # Silence in front has no chord.
    "tonal.chord_ratio": 0.07,
    # EBU's 0.1 LU; blocks of 0.4 and 3 s hold the beginning of silence too.
    "loudness.integrated_lufs": 0.1, "loudness.momentary_max_lufs": 0.2, "loudness.short_term_max_lufs": 0.2,
    "loudness.loudness_range_lu": 0.5, "loudness.loudness_vickers_db": 0.6, "loudness.true_peak_dbtp": 0.35,
    # The 95th percentile of 50 ms, of which a second has twenty.
    "loudness.replay_gain_db": 1.0,
    # Means over frames of 46 and 93 ms that begin elsewhere, in Hz and bits; encoders cut off above 16 kHz.
    "spectral.centroid_hz_mean": 40, "spectral.rolloff_hz_mean": 40, "spectral.entropy_bits_mean": 0.15,
    "pitch.yin_pitch_median_hz": 1.0, "pitch.yin_confident_ratio": 0.06,
    # Points of a hundred; listeners part sounds by five and more.
    "timbral.brightness": 3, "timbral.depth": 3, "timbral.roughness": 3, "timbral.sharpness": 3, "timbral.warmth": 5,
    "structure.temporal_centroid_ratio": 0.03,
}  # fmt: skip
"""Fields that must not change, and by how much they may, with the reason."""

SHIFTED = ("_lufs", "_dbfs", "_dbtp", "loudness.loudness_vickers_db", "loudness.dynamic_loudness_db")
"""Levels, which a gain moves by itself; those that recordings are turned up by move the other way."""
SCALED = ("loudness.frame_rms_", "spectral.flux_", "spectral.strong_peak_ratio_")
SCALED_ALONE = ("loudness.peak", "loudness.rms")
SQUARED = ("spectral.hfc_", "rhythm.beats_loudness_")
"""What is measured in full scale by definition, and in its square."""
FLOORED = ("spectral.complexity_", "spectral.contrast_", "spectral.valley_", "timbre.", "structure.segment_")
"""What Essentia defines by thresholds or floors in full scale: peaks that count, the logarithm of nearly nothing, and
segments, which rest on cepstra."""


@pytest.fixture(scope="module")
def song() -> signals.Samples:
    """Stereo as 16 bits hold it, with room above."""
    samples = signals.music(20)
    return (np.round(0.4 * samples / np.abs(samples).max() * 32768) / 32768).astype(np.float32)


def encoded(samples: signals.Samples, path: Path, codec: str, rate: int = RATE) -> Path:
    """Writes (2, samples) by a codec, in frames of the size that it wants, at 256 kbit/s where it loses anything."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, layout="stereo")
        if codec != "flac":
            stream.bit_rate = 256_000
        stored = np.round(samples * 32768).astype("<i2").T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(stored), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        stream.open()
        resampler = av.AudioResampler(stream.format, "stereo", rate, frame_size=stream.frame_size or 4096)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            for packet in stream.encode(piece):
                file.mux(packet)
    return path


@pytest.fixture(scope="module")
def ask(engine: Features) -> Callable[..., Answer]:
    """Has blocks measured; gives the values by their path."""

    def run(blocks: signals.Samples | Iterator[np.ndarray], rate: int = RATE) -> Answer:
        pieces = iter([blocks]) if isinstance(blocks, np.ndarray) else blocks
        events = engine.analyze_blocks(pieces, AnalysisRequest(), form=StoredFormat(rate))
        groups = [event for event in events if isinstance(event, GroupFeatures)]
        return {f"{event.group}.{name}": value for event in groups for name, value in event.values.items()}

    return run


@pytest.fixture(scope="module")
def before(ask: Callable[..., Answer], song: signals.Samples) -> Answer:
    """What is said of the song itself."""
    return ask(song)


def held(before: Answer, after: Answer, wider: Mapping[str, float] | None = None) -> None:
    """Asserts that nothing changed that must not."""
    for name, tolerance in SAME.items():
        assert name in before, f"{name} is absent: this tests nothing"
        if tolerance is None:
            assert after[name] == before[name], name
        else:
            tolerance = (wider or {}).get(name, tolerance)
            assert np.array(after.get(name, np.nan)) == pytest.approx(np.array(before[name]), abs=tolerance), name


def test_the_same_call_gives_the_same_bits(ask: Callable[..., Answer], song: signals.Samples, before: Answer) -> None:
    assert ask(song) == before


def test_a_flac_of_it_gives_the_same_bits(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer, tmp_path: Path
) -> None:
    assert ask(Source(encoded(song, tmp_path / "song.flac", "flac")).blocks()) == before


def test_polarity_turns_the_offset_and_nothing_else(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer
) -> None:
    after = ask(-song)
    assert after["signal.dc_offset"] == pytest.approx(-before["signal.dc_offset"], abs=1e-9)  # type: ignore[operator]
    close(after, before, {"signal.dc_offset"})


def test_the_order_of_the_channels_turns_the_balance_and_nothing_else(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer
) -> None:
    after = ask(song[::-1])
    balance = before["signal.stereo_balance_db"]
    assert after["signal.stereo_balance_db"] == pytest.approx(-balance)  # type: ignore[operator]
    close(after, before, {"signal.stereo_balance_db"})


def close(after: Answer, before: Answer, but: set[str]) -> None:
    """Asserts that all fields are equal but for rounding in float32, and those named."""
    assert after.keys() == before.keys()
    for name in before.keys() - but:
        for one, other in zip(flat(after[name]), flat(before[name]), strict=True):
            assert one == other or one == pytest.approx(other, rel=1e-3, abs=1e-4), name


def flat(value: object) -> Iterator[object]:
    """Every name and number in a value, however deep."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if not isinstance(value, tuple):
        yield value
        return
    for each in value:
        yield from flat(each)


@pytest.mark.parametrize("gain_db", [-24, -6, 6])
def test_a_gain_moves_levels_by_itself_and_leaves_the_music_alone(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer, gain_db: float
) -> None:
    gain = 10 ** (gain_db / 20)
    after = ask(song * np.float32(gain))
    moved: set[str] = {name for name in before if name.startswith(FLOORED)}
    for name, value in before.items():
        now = after[name]
        if name.startswith("loudness.replay_gain"):
            assert now == pytest.approx(value - gain_db, abs=1e-3), name  # type: ignore[operator]
        elif name.endswith(SHIFTED) and value is not None:
            assert now == pytest.approx(value + gain_db, abs=0.01), name  # type: ignore[operator]
        elif name.startswith(SQUARED):
            assert now == pytest.approx(value * gain**2, rel=0.02), name  # type: ignore[operator]
        elif name.startswith(SCALED) or name in SCALED_ALONE:
            assert now == pytest.approx(value * gain, rel=2e-3), name  # type: ignore[operator]
        else:
            continue
        moved.add(name)
    close(after, before, moved | {"signal.dc_offset"})


@pytest.mark.parametrize("rate", [22050, 48000, 96000])
def test_the_sample_rate_changes_nothing(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer, rate: int
) -> None:
    resampler = Resampler(RATE, rate, 2)
    there = np.concatenate([resampler.apply(song), resampler.finish()], axis=1)
    # Half the rate has half of the air in it, and no peaks of it.
    wider = {"spectral.entropy_bits_mean": 0.4, "loudness.true_peak_dbtp": 0.6} if rate < RATE else {}
    held(before, ask(there, rate), wider)


@pytest.mark.parametrize(("container", "codec", "rate"), [("mp3", "mp3", RATE), ("ogg", "libopus", 48000)])
def test_an_encoder_changes_nothing_that_is_heard(
    ask: Callable[..., Answer],
    song: signals.Samples,
    before: Answer,
    tmp_path: Path,
    container: str,
    codec: str,
    rate: int,
) -> None:
    path = encoded(song, tmp_path / f"song.{container}", codec, rate)
    # Encoders make up the air anew, as noise.
    wider = {"spectral.entropy_bits_mean": 0.4, "tonal.dissonance_mean": 0.15, "loudness.true_peak_dbtp": 1.0}
    held(before, ask(Source(path).blocks(), rate), wider)


@pytest.mark.parametrize("seconds", [0.5, 1.237])
def test_silence_in_front_changes_nothing(
    ask: Callable[..., Answer], song: signals.Samples, before: Answer, seconds: float
) -> None:
    later = np.concatenate([np.zeros((2, round(seconds * RATE)), np.float32), song], axis=1)
    # As a share of another length.
    held(before, ask(later), {"structure.temporal_centroid_ratio": 0.05, "rhythm.danceability": 0.4})


def test_a_cut_of_10_ms_changes_nothing(ask: Callable[..., Answer], song: signals.Samples, before: Answer) -> None:
    held(before, ask(song[:, RATE // 100 :]))
