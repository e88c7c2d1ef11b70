"""Dialogues whose speakers are known: prompts of recorded voices, sentences of synthetic ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bench.speech_material import recordings
from bench.speech_material.prompts import SOUNDS, VOICES
from bench.speech_material.readings import without_silence
from chassis.audio import Source

Samples = np.ndarray
RECORDED = {"Allison": VOICES["en"], "June": VOICES["fr"], "Carlo": VOICES["it"], "Ivrvoice": VOICES["ru"]}
"""Speakers of Asterisk's prompts, by their folders; each of another language, at 8 kHz."""
SYNTHETIC = ("en-us+m1", "en-us+f2", "en-us+Annie", "en-us+Andy", "en-us+m8", "en-us+Michael")
"""Voices of eSpeak NG that are heard as six; others of it differ in name alone."""
SENTENCES = (
    "The harbour was quiet when the fishing boats returned.",
    "Please remember to close the garden gate behind you.",
    "Nobody believed the story about the golden elephant.",
    "My sister plays the violin every Thursday evening.",
    "Tomorrow we will visit the museum near the river.",
    "It rained all night and the road was flooded.",
    "Have you seen where I left the keys of the car?",
    "He told me that the train would be late again.",
)
_LEAST_SECONDS, _MOST_SECONDS = 1.5, 8.0
_HEADER_BYTES = 44
_LEVEL, _LEAST_PEAK = 0.08, 0.02


@dataclass(frozen=True)
class Turn:
    """What one speaker says at a time: start and end in seconds."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True)
class Dialogue:
    """Mono samples (n,) at 16 kHz, and who says what."""

    samples: Samples
    turns: tuple[Turn, ...]

    @property
    def speakers(self) -> int:
        """How many speak."""
        return len({turn.speaker for turn in self.turns})


def recorded(limit: int = 60) -> dict[str, list[Samples]]:
    """Prompts of each recorded voice that is installed, a sentence or a few words each."""
    found = {}
    for name, folder in RECORDED.items():
        paths = sorted(path for path in (SOUNDS / folder).rglob("*.wav") if "silence" not in path.parts)
        random.Random(name).shuffle(paths)
        # One of the prompts is a header alone, which cannot be read.
        heard = map(_prompt, (path for path in paths if path.stat().st_size > _HEADER_BYTES))
        said = list(islice((each for each in heard if each is not None), limit))
        if said:
            found[name] = said
    return found


def synthetic(folder: Path, voices: tuple[str, ...] = SYNTHETIC) -> dict[str, list[Samples]]:
    """SENTENCES by each of the voices of eSpeak NG."""
    return {
        voice: [without_silence(recordings.synthesised(text, voice, folder, 150)) for text in SENTENCES]
        for voice in voices
    }


def dialogue(said: dict[str, list[Samples]], turns: int, gap: tuple[float, float], seed: int) -> Dialogue:
    """Has the voices speak in turn, at levels that differ by up to 12 dB, over a little noise.

    Args:
        said: What there is of each voice.
        turns: How often somebody begins.
        gap: Shortest and longest silence between two turns (s).
        seed: Of what is said by whom.
    """
    draw, track, last = random.Random(seed), _Track(), ""
    for _ in range(turns):
        last = draw.choice([name for name in sorted(said) if name != last or len(said) == 1])
        pause = draw.uniform(*gap)
        track.add(last, draw.choice(said[last]), pause, draw.uniform(-6, 6))
    return track.dialogue(seed)


def reading(others: list[Samples], gap: tuple[float, float], seed: int) -> Dialogue:
    """Has a reader of LibriVox say each of five sentences once, in turn with as many of another voice.

    Args:
        others: What there is of that voice; nothing to have the reader alone.
        gap: Shortest and longest silence between two turns (s).
        seed: Of the order, and of what the other says.

    Raises:
        MaterialMissingError: the reader's recordings are not installed.
    """
    draw, track = random.Random(seed), _Track()
    said = draw.sample(others, len(recordings.LINES)) if others else []
    for at, number in enumerate(draw.sample(sorted(recordings.LINES), len(recordings.LINES))):
        track.add("reader", recordings.line(number), draw.uniform(*gap), 0)
        if said:
            track.add("other", said[at], draw.uniform(*gap), 0)
    return track.dialogue(seed)


class _Track:
    """Turns one after the other."""

    def __init__(self) -> None:
        self._parts: list[Samples] = []
        self._turns: list[Turn] = []
        self._at = 0

    def add(self, speaker: str, spoken: Samples, pause: float, decibels: float) -> None:
        quiet = np.zeros(round(pause * recordings.SAMPLE_RATE), np.float32)
        level = _LEVEL * 10 ** (decibels / 20) / max(float(np.sqrt((spoken**2).mean())), 1e-6)
        self._parts += [quiet, (spoken * level).astype(np.float32)]
        start = self._at + len(quiet)
        self._at = start + len(spoken)
        self._turns.append(Turn(start / recordings.SAMPLE_RATE, self._at / recordings.SAMPLE_RATE, speaker))

    def dialogue(self, seed: int) -> Dialogue:
        samples = np.concatenate([*self._parts, np.zeros(recordings.SAMPLE_RATE // 2, np.float32)])
        noise = np.random.default_rng(seed).normal(0, 3e-4, len(samples)).astype(np.float32)
        return Dialogue(samples + noise, tuple(self._turns))


def _prompt(path: Path) -> Samples | None:
    read = Source(path).read(sample_rate=recordings.SAMPLE_RATE, channels=1).samples[0]
    if np.abs(read).max() < _LEAST_PEAK:
        return None
    samples = without_silence(read)
    seconds = len(samples) / recordings.SAMPLE_RATE
    return samples if _LEAST_SECONDS <= seconds <= _MOST_SECONDS else None
