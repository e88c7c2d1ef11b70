"""Long readings by a synthesiser, of which it is known when each sentence is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.speech_material.recordings import SAMPLE_RATE, Samples, synthesised

NOUNS = (
    *("river", "mountain", "garden", "window", "teacher", "orange", "silver", "winter", "market", "doctor"),
    *("station", "village", "forest", "kitchen", "summer", "letter", "camera", "bridge", "engine", "pocket"),
)


@dataclass(frozen=True)
class Sentence:
    """One sentence: its text, and the seconds at which it begins and ends."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Reading:
    """Sentences one after the other.

    Attributes:
        samples: The sound (n,) at SAMPLE_RATE.
        sentences: What is said and when, in order.
    """

    samples: Samples
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(sentence.text for sentence in self.sentences)


def reading(texts: tuple[str, ...], pauses: tuple[float, ...], voice: str = "en-us", rate: int = 165) -> Reading:
    """Has sentences read, one after the other.

    Args:
        texts: The sentences.
        pauses: Seconds of silence behind each; taken in turns.
        voice: espeak-ng's.
        rate: Words a minute.

    Raises:
        MaterialMissingError: espeak-ng is not installed.
    """
    parts: list[Samples] = []
    sentences: list[Sentence] = []
    at = 0
    for number, text in enumerate(texts):
        with TemporaryDirectory() as folder:
            said = without_silence(synthesised(text, voice, Path(folder), rate))
        pause = np.zeros(round(pauses[number % len(pauses)] * SAMPLE_RATE), np.float32)
        sentences.append(Sentence(text, at / SAMPLE_RATE, (at + len(said)) / SAMPLE_RATE))
        parts += [said, pause]
        at += len(said) + len(pause)
    return Reading(np.concatenate(parts), tuple(sentences))


def sentences(count: int) -> tuple[str, ...]:
    """Makes sentences much like one another, none twice in twenty: Whisper takes them for a loop."""
    return tuple(
        f"{NOUNS[k % 20].capitalize()} and {NOUNS[(k * 7 + 3) % 20]} follow the {NOUNS[(k * 3 + 11) % 20]} "
        f"near the {NOUNS[(k * 13 + 5) % 20]}"
        for k in range(count)
    )


def without_silence(samples: Samples) -> Samples:
    """Cuts off what lies below -40 dBFS at both ends."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]
