"""Files of every layout and rate, with and without music: absent fields with typed warnings, or refused."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.models import Store
from services.essentia.contract import GROUPS, OVERVIEW, AnalysisRequest, GroupFeatures, Summary, TagRequest, TagSet
from services.essentia.job import Jobs
from services.essentia.settings import EssentiaSettings
from tests.services.essentia import signals
from tests.services.essentia.scripted_task import ScriptedTask

WEIGHTS = pytest.mark.weights


def wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Writes (channels, samples) in floating point, whatever they are."""
    data = np.atleast_2d(samples).astype("<f4").T.tobytes()
    channels = len(np.atleast_2d(samples))
    form = struct.pack("<HHIIHH", 3, channels, rate, 4 * rate * channels, 4 * channels, 32)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


def tune(rate: int, channels: int = 1, seconds: float = 4.0) -> np.ndarray:
    """Plucked notes, in each channel at another level."""
    times = np.arange(round(seconds * rate)) / rate
    notes = 220 * np.array([1.0, 1.25, 1.5, 1.25])[(times * 2).astype(int) % 4]
    voice = 0.2 * np.sin(2 * np.pi * notes * times) * np.exp(-3 * (times % 0.5))
    return np.stack([voice * (1 - 0.1 * channel) for channel in range(channels)])


@pytest.fixture(scope="module")
def jobs(models: Store) -> Jobs:
    return Jobs(EssentiaSettings(), models)


def ask(jobs: Jobs, path: Path) -> tuple[Mapping[str, Mapping[str, object]], list[TagSet], set[str]]:
    """Everything: all groups, tags, series; fails at any warning of numpy's."""
    request = AnalysisRequest(groups=(*GROUPS, OVERVIEW), tags=TagRequest(), include_series=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        events = list(jobs.analyze(ScriptedTask(Source(path)), request))
    summary = events[-1]
    assert isinstance(summary, Summary)
    groups = {event.group: event.values for event in events if isinstance(event, GroupFeatures)}
    sets = [event for event in events if isinstance(event, TagSet)]
    return groups, sets, {warning.reason for warning in summary.warnings}


@WEIGHTS
@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(4 * 44100), "AUDIO_SILENT"),
        (np.full(4 * 44100, 0.4), "AUDIO_CONSTANT"),
        (signals.sine(1, -6, 4), "AUDIO_INFRASONIC"),
        (signals.noise(4, 1e-4), "AUDIO_FAINT"),
        (signals.noise(4), "AUDIO_STEADY"),
        (signals.sine(440, -20, 4), "AUDIO_STEADY"),
        (signals.metronome(120, 4), "AUDIO_CLICKS"),
        ((np.arange(4 * 44100) == 99999) * 0.9, "AUDIO_CLICKS"),
    ],
    ids=["silence", "an offset", "1 Hz", "hiss of -80 dB", "noise", "a sine", "a metronome", "one click"],
)
def test_of_nothing_no_tag_and_no_key_is_made_up(jobs: Jobs, tmp_path: Path, samples: np.ndarray, reason: str) -> None:
    groups, sets, reasons = ask(jobs, wav(tmp_path / "a.wav", samples, 44100))
    assert sets == []
    assert reason in reasons
    assert "key_tonic" not in groups["tonal"]
    assert not groups["tonal"].get("chord_shares")
    assert groups["signal"]["duration_seconds"] == pytest.approx(4, abs=1e-3)


@WEIGHTS
@pytest.mark.parametrize("rate", [4000, 8000, 22050, 96000, 192000, 384000])
def test_every_rate_from_4_to_384_khz_is_measured(jobs: Jobs, tmp_path: Path, rate: int) -> None:
    groups, sets, _ = ask(jobs, wav(tmp_path / "a.wav", tune(rate), rate))
    assert len(sets) == 2
    assert groups["rhythm"]["onset_count"] == pytest.approx(8, abs=1)
    assert math.isfinite(float(groups["loudness"]["integrated_lufs"]))  # type: ignore[arg-type]


@WEIGHTS
@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_one_to_eight_channels_are_measured(jobs: Jobs, tmp_path: Path, channels: int) -> None:
    groups, sets, reasons = ask(jobs, wav(tmp_path / "a.wav", tune(48000, channels), 48000))
    assert len(sets) == 2
    assert groups["rhythm"]["onset_count"] == pytest.approx(8, abs=1)
    # Nothing in a plain WAV says for which loudspeakers more than two are.
    assert ("AUDIO_LAYOUT_ASSUMED" in reasons) == (channels > 2)


@pytest.mark.parametrize(
    ("samples", "rate", "reason"),
    [
        (np.zeros((1, 0)), 44100, "AUDIO_EMPTY"),
        (np.full(1, 0.1), 44100, "AUDIO_TOO_SHORT"),
        (signals.noise(0.01), 44100, "AUDIO_TOO_SHORT"),
        (np.full(44100, np.nan), 44100, "AUDIO_NOT_FINITE"),
        (np.where(np.arange(44100) == 9, np.inf, 0.1), 44100, "AUDIO_NOT_FINITE"),
        (signals.noise(1, 1e20), 44100, "AUDIO_NOT_FINITE"),
        (np.full(30, 0.1), 1, "AUDIO_SAMPLE_RATE"),
        (np.full(44100, 0.1), 768000, "AUDIO_SAMPLE_RATE"),
        (np.full((16, 4410), 0.1), 44100, "AUDIO_CHANNEL_COUNT"),
    ],
    ids=["empty", "a sample", "10 ms", "NaN", "infinite", "huge", "a rate of 1 Hz", "768 kHz", "16 channels"],
)
def test_what_cannot_be_measured_is_refused_by_its_reason(
    jobs: Jobs, tmp_path: Path, samples: np.ndarray, rate: int, reason: str
) -> None:
    with pytest.raises(AntiphonError) as caught:
        ask(jobs, wav(tmp_path / "a.wav", samples, rate))
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)
