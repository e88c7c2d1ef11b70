"""Mixtures whose parts are known, made on the spot: bands that are synthesised, speech over music, MUSDB18-HQ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bench.accuracy import tracks
from chassis.audio import Source

RATE = 44_100
SECONDS = 20.0
BANDS = ("drums", "bass", "other", "vocals")
LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")
"""Five sentences of a public-domain reading, by the Debian package pocketsphinx-testdata."""


@dataclass(frozen=True)
class Mixture:
    """A mix and the stems that it is the sum of.

    Attributes:
        set: Group of mixtures that it belongs to.
        name: Its name in that group.
        stems: float32, ``(2, samples)`` at RATE, by name.
    """

    set: str
    name: str
    stems: Mapping[str, np.ndarray]

    @property
    def mix(self) -> np.ndarray:
        """The sum of the stems."""
        total: np.ndarray = np.sum(list(self.stems.values()), axis=0, dtype=np.float32)
        return total


def bands(count: int) -> Iterator[Mixture]:
    """Seeded bands: kick, snare, hat; a bass; chords of plucked strings, panned; a voice of formants in the middle."""
    for seed in range(count):
        random = np.random.default_rng(seed)
        time = np.arange(round(SECONDS * RATE)) / RATE
        beat = 60 / random.uniform(85, 140)
        root = 45 + int(random.integers(0, 8))
        stems = {
            "drums": _drums(time, beat, random),
            "bass": _twice(_bass(time, beat, root)),
            "other": _strings(time, beat, root + 12, random),
            "vocals": _twice(_voice(time, beat, root + 19, random)),
        }
        yield Mixture("bands", f"band {seed}", {name: samples.astype(np.float32) for name, samples in stems.items()})


def speech_over_music(folder: Path, count: int) -> Iterator[Mixture]:
    """Read English over generated music, both as loud; nothing where one of the two cannot be had."""
    unpacked = tracks.fetch(folder)
    sentences = sorted(LIBRIVOX.glob("*.wav"))
    if unpacked is None or not sentences:
        return
    read = np.concatenate([Source(path).read(RATE, 2).samples for path in sentences], axis=1)
    length = round(SECONDS * RATE)
    for index, track in enumerate(islice(tracks.tracks(unpacked), count)):
        source = Source(track.path, start_seconds=20.0, end_seconds=20.0 + SECONDS)
        music = source.read(RATE, 2).samples[:, :length]
        # Each track has another stretch of the reading, which is as long as two of them.
        speech = np.roll(read, -index * length // 3, axis=1)[:, : music.shape[1]]
        speech = speech * (_rms(music) / _rms(speech))
        yield Mixture("speech over music", track.path.stem, {"vocals": speech, "accompaniment": music})


def musdb(folder: Path, count: int | None, seconds: float = 30.0) -> Iterator[Mixture]:
    """The middle of each track of MUSDB18-HQ's test set: ``folder/test/<track>/<stem>.wav``, or without ``test``."""
    root = folder / "test" if (folder / "test").is_dir() else folder
    for track in islice(sorted(path.parent for path in root.glob("*/mixture.wav")), count):
        source = Source(track / "mixture.wav")
        whole = source.complete().seconds or 0.0
        start = max(0.0, (whole - seconds) / 2)
        stems = {
            stem: Source(track / f"{stem}.wav", start_seconds=start, end_seconds=start + seconds).read(RATE, 2).samples
            for stem in BANDS
        }
        yield Mixture("MUSDB18-HQ", track.name, stems)


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _twice(wave: np.ndarray) -> np.ndarray:
    return np.stack([wave, wave])


def _drums(time: np.ndarray, beat: float, random: np.random.Generator) -> np.ndarray:
    noise = random.standard_normal((2, time.size))
    on, off, eighth = time % beat, (time + beat / 2) % beat, time % (beat / 2)
    kick = 0.7 * np.sin(2 * np.pi * (48 * on + 5 * (1 - np.exp(-35 * on)))) * np.exp(-14 * on)
    snare = 0.25 * noise[0] * np.exp(-28 * off) + 0.2 * np.sin(2 * np.pi * 190 * off) * np.exp(-30 * off)
    hat = 0.08 * np.diff(noise, axis=1, prepend=0) * np.exp(-60 * eighth)
    return kick + snare + hat


def _bass(time: np.ndarray, beat: float, root: int) -> np.ndarray:
    steps = np.array([0, 0, 7, 5])
    pitch = _hertz(root - 12 + steps[(time / (2 * beat)).astype(int) % 4])
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    envelope = np.exp(-2.0 * (time % beat) / beat)
    return 0.3 * envelope * (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase))


def _strings(time: np.ndarray, beat: float, root: int, random: np.random.Generator) -> np.ndarray:
    total = np.zeros((2, time.size))
    chords = np.array([[0, 4, 7], [9, 12, 16], [5, 9, 12], [7, 11, 14]])
    bar = (time / (4 * beat)).astype(int) % 4
    for voice in range(3):
        pitch = _hertz(root + chords[bar, voice])
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        wave = sum(np.sin(k * phase) / k**1.3 for k in range(1, 12))
        left = random.uniform(0.1, 0.9)
        delayed = (time - voice * beat / 6) % (2 * beat)
        total += 0.09 * np.array([[left], [1 - left]]) * wave * np.exp(-1.5 * delayed / beat)
    return 2 * total


def _voice(time: np.ndarray, beat: float, root: int, random: np.random.Generator) -> np.ndarray:
    length = int(SECONDS / beat) + 2
    melody, vowel = random.choice([0, 2, 4, 5, 7, 9], length), random.integers(0, 3, length)
    note = (time / beat).astype(int)
    pitch = _hertz(root - 12 + melody[note] + 0.35 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = np.array([[730, 1090, 2440], [270, 2290, 3010], [570, 840, 2410]])[vowel[note]]
    wave = np.zeros(time.size)
    for k in range(1, 30):
        level = sum(
            strength * np.exp(-(((k * pitch - formants[:, index]) / 220) ** 2))
            for index, strength in enumerate((1.0, 0.6, 0.25))
        )
        wave += (level + 0.05 / k) * np.sin(k * phase)
    within = time % beat
    breath = 0.01 * random.standard_normal(time.size)
    return 0.12 * (wave + breath) * np.clip(np.minimum(within, 0.9 * beat - within) / 0.04, 0, 1)


def _hertz(note: np.ndarray) -> np.ndarray:
    hertz: np.ndarray = 440 * 2 ** ((note - 69) / 12)
    return hertz
