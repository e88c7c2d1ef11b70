"""Plays a groove: with the hands' unevenness, in a tempo that may move, by a drum kit and voices of a song's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.grooves import Groove

SAMPLE_RATE = 44100
# Semitones above the tonic, and whether minor.
PROGRESSIONS = (
    ((0, False), (7, False), (9, True), (5, False)),
    ((0, True), (8, False), (3, False), (10, False)),
    ((0, False), (5, False), (7, False), (0, False)),
    ((0, True), (5, True), (7, False), (0, True)),
    ((0, True), (0, True), (10, False), (10, False)),
)
LEVELS = {"kick": 0.9, "snare": 0.5, "clap": 0.45, "hat": 0.2, "ride": 0.16, "click": 0.6, "bass": 0.3, "chord": 0.08,
          "lead": 0.14, "organ": 0.06, "pluck": 0.2}  # fmt: skip
# Decay a second, attack in seconds, fall of the partials.
VOICES = {"bass": (3.0, 0.008, 1.3), "chord": (2.5, 0.006, 1.0), "lead": (2.0, 0.02, 2.0), "organ": (0.4, 0.03, 0.8),
          "pluck": (6.0, 0.003, 0.9)}  # fmt: skip
TRANSPOSED = {"bass": 36, "chord": 60, "lead": 72, "organ": 57, "pluck": 60}


@dataclass(frozen=True)
class Played:
    """A clip of which all is known.

    Attributes:
        groove: The style.
        samples: Mono at SAMPLE_RATE.
        bpm: Tempo; that of the beginning where it moves.
        beats: Seconds.
        downbeats: Seconds.
    """

    groove: Groove
    samples: NDArray[np.float32]
    bpm: float
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]


def play(
    groove: Groove,
    seed: int,
    seconds: float = 24.0,
    bpm: float | None = None,
    course: Callable[[float], float] = lambda share: 1.0,
    looseness: float | None = None,
) -> Played:
    """Plays ``seconds`` of a groove.

    Args:
        groove: The style.
        seed: Chooses tempo, patterns, chords, sounds and unevenness.
        seconds: Length.
        bpm: Tempo; None for one of the style's by chance.
        course: By how much the tempo is multiplied when a share of the clip, 0 to 1, is over.
        looseness: Spread of the strokes about their places, seconds; None for 0 to 8 ms by chance.
    """
    rng = np.random.default_rng(seed)
    tempo = round(float(rng.uniform(groove.slowest, groove.fastest)), 2)
    tempo = tempo if bpm is None else bpm
    loose = float(rng.choice((0.0, 0.003, 0.008))) if looseness is None else looseness
    lead_in = float(rng.choice((0.0, 0.13, 0.4)))
    beats = _beats(lead_in, tempo, seconds, course)
    patterns = {name: str(rng.choice(kinds)) for name, kinds in groove.parts.items()}
    swing, kit = float(rng.uniform(*groove.swing)), _kit(rng)
    tonic, chords = int(rng.integers(12)), PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    out = np.zeros(round(seconds * SAMPLE_RATE))
    for bar in range(-(-(len(beats) - 1) // groove.beats)):
        above, minor = chords[bar % len(chords)]
        tones = [tonic + above, tonic + above + (3 if minor else 4), tonic + above + 7]
        for name, pattern in patterns.items():
            for step, sign in enumerate(pattern):
                beat, share = bar * groove.beats + step // groove.steps, step % groove.steps / groove.steps
                if sign == "." or beat >= len(beats) - 1:
                    continue
                start = beats[beat] + _swung(share, swing) * (beats[beat + 1] - beats[beat]) + rng.normal(0, loose)
                soft = (0.5 if sign == "o" else 1.0) * rng.uniform(0.85, 1.0)
                for sound in _sounds(name, sign, tones, rng, kit, beats[beat + 1] - beats[beat]):
                    _put(out, start, soft * LEVELS[name] * sound)
    out += rng.normal(0, 5e-4, out.size)
    samples = (0.8 * out / np.abs(out).max()).astype(np.float32)
    return Played(groove, samples, tempo, beats[:-1], beats[:-1][:: groove.beats])


def several(grooves: tuple[Groove, ...], each: int, first_seed: int, seconds: float = 24.0) -> Iterator[Played]:
    """Plays each groove so many times."""
    for number, groove in enumerate(grooves):
        for turn in range(each):
            yield play(groove, first_seed + 1000 * number + turn, seconds)


def _beats(start: float, bpm: float, seconds: float, course: Callable[[float], float]) -> NDArray[np.float64]:
    times = [start]
    while times[-1] < seconds:
        times.append(times[-1] + 60 / (bpm * course(times[-1] / seconds)))
    return np.array(times)


def _swung(share: float, swing: float) -> float:
    return share * 2 * swing if share < 0.5 else swing + (share - 0.5) * 2 * (1 - swing)


def _kit(rng: np.random.Generator) -> dict[str, Callable[[], NDArray[np.float64]]]:
    hiss = rng.standard_normal(round(0.4 * SAMPLE_RATE))
    low, body = float(rng.uniform(42, 60)), float(rng.uniform(160, 230))
    short, bright = float(rng.uniform(12, 26)), float(rng.uniform(45, 110))

    def times(seconds: float) -> NDArray[np.float64]:
        return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE

    def kick() -> NDArray[np.float64]:
        time = times(0.25)
        phase = 2 * np.pi * (low * time + low / 30 * (1 - np.exp(-40 * time)))
        return np.asarray(np.sin(phase) * np.exp(-short * time) + 0.1 * hiss[: time.size] * np.exp(-300 * time))

    def snare() -> NDArray[np.float64]:
        time = times(0.2)
        return np.asarray((0.5 * hiss[: time.size] + 0.6 * np.sin(2 * np.pi * body * time)) * np.exp(-26 * time))

    def clap() -> NDArray[np.float64]:
        time = times(0.2)
        return np.asarray(0.7 * hiss[: time.size] * (np.exp(-35 * time) + np.exp(-400 * np.abs(time - 0.012))) / 1.5)

    def metal(decay: float) -> NDArray[np.float64]:
        time = times(0.15)
        return np.asarray(np.diff(hiss[: time.size + 1]) * np.exp(-decay * time))

    def click() -> NDArray[np.float64]:
        time = times(0.06)
        return np.asarray(np.sin(2 * np.pi * 20 * low * time) * np.exp(-90 * time))

    return {"kick": kick, "snare": snare, "clap": clap, "click": click, "hat": partial(metal, bright),
            "ride": partial(metal, bright / 3)}  # fmt: skip


def _sounds(
    name: str,
    sign: str,
    tones: list[int],
    rng: np.random.Generator,
    kit: dict[str, Callable[[], NDArray[np.float64]]],
    beat_seconds: float,
) -> Iterator[NDArray[np.float64]]:
    if name in kit:
        yield kit[name]()
        return
    chosen = tones if sign == "c" else [tones[0] if sign == "x" else tones[rng.integers(3)]]
    for tone in chosen:
        length = beat_seconds * (2.0 if sign == "c" and name == "organ" else 0.9)
        yield _tone(TRANSPOSED[name] + tone % 12, min(length, 1.5), *VOICES[name])


def _tone(midi: int, seconds: float, decay: float, attack: float, fall: float) -> NDArray[np.float64]:
    time, hz = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE, 440 * 2 ** ((midi - 69) / 12)
    partials = np.sum([np.sin(2 * np.pi * hz * n * time) / n**fall for n in range(1, 7)], 0)
    return np.asarray(
        partials * np.exp(-decay * time) * np.minimum(time / attack, 1) * np.clip((seconds - time) / 0.03, 0, 1)
    )


def _put(out: NDArray[np.float64], start: float, sound: NDArray[np.float64]) -> None:
    place = max(0, round(start * SAMPLE_RATE))
    end = min(place + sound.size, out.size)
    if end > place:
        out[place:end] += sound[: end - place]
