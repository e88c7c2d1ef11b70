"""How well speakers are told apart: dialogues of recorded and of synthetic voices, whose speakers are known.

    .venvs/speech/bin/python -m bench.speech_speakers [--dialogues 12] [--seed 100]

Printed for each set: how often the number of speakers is right where it is counted, the diarization error rate with a
collar of 0.25 s where it is counted and where it is given, and the work in seconds of one core for a second of speech.
Where speech is and where words are is given: what recognition gets wrong is not counted here. Overlap there is none.

The thresholds in services/speech/speakers were chosen on seeds below 100 of the first three sets, which have the same
voices. The fourth is a reader of LibriVox on whom nothing was chosen, alone or in turn with a recorded voice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

ROOT = Path(__file__).resolve().parents[1]
# The service's packages, where the bench is started without a path to them.
sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")]

from bench.speech_material import dialogues, recordings  # noqa: E402
from chassis.models import Store  # noqa: E402
from services.speech.contract import Segment, Word  # noqa: E402
from services.speech.speakers import FILE, MODEL  # noqa: E402
from services.speech.speakers.diarizer import Diarizer, Labelled  # noqa: E402
from services.speech.speakers.network import VoiceEncoder  # noqa: E402

COLLAR_SECONDS = 0.25
WORD_SECONDS = 0.4
STEP_SECONDS = 0.01
TURNS, GAPS = (6, 14, 24), ((0.0, 0.1), (0.2, 1.0))


@dataclass(frozen=True)
class Figures:
    """Of one dialogue."""

    counted: int
    error: float
    error_where_known: float
    seconds: float
    speech_seconds: float


def main() -> int:
    """Entry point; 1 where the voices or the network are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dialogues", type=int, default=12, help="of each set and number of speakers")
    parser.add_argument("--seed", type=int, default=100)
    options = parser.parse_args()
    store = Store(None, ROOT / "services" / "speech" / "models.toml")
    network = VoiceEncoder(store.require(MODEL).files[FILE])
    with tempfile.TemporaryDirectory() as folder:
        recorded, synthetic = dialogues.recorded(), dialogues.synthetic(Path(folder))
    if len(recorded) < 2:
        print("recorded voices are not there: apt-get install asterisk-core-sounds-{en,fr,it,ru}-wav")
        return 1
    print("| set | speakers | count right | DER | DER, count given | s of work a s of speech |")
    print("|---|---|---|---|---|---|")
    for name, voices in (("recorded", recorded), ("synthetic", synthetic), ("both", {**recorded, **synthetic})):
        for count in (1, 2, 3, 4):
            made = list(_made(voices, count, options.dialogues, options.seed))
            _print(name, count, [(each.speakers, figures(network, each)) for each in made])
    for count, others in ((1, [[]]), (2, list(recorded.values()))):
        read = [
            dialogues.reading(each, GAPS[at % len(GAPS)], options.seed + at)
            for each in others
            for at in range(max(1, options.dialogues // len(others)))
        ]
        _print("a reader", count, [(each.speakers, figures(network, each)) for each in read])
    return 0


def _made(voices: dict[str, list[np.ndarray]], count: int, number: int, seed: int) -> Iterator[dialogues.Dialogue]:
    for index in range(number):
        draw = np.random.default_rng((seed, count, index))
        chosen = {name: voices[name] for name in draw.permutation(sorted(voices))[:count]}
        gap = GAPS[index % len(GAPS)]
        yield dialogues.dialogue(chosen, TURNS[index % len(TURNS)], gap, int(draw.integers(1 << 30)))


def figures(network: VoiceEncoder, dialogue: dialogues.Dialogue) -> Figures:
    """Measures one dialogue."""
    began = time.process_time()
    counted = _told(network, dialogue, None)
    seconds = time.process_time() - began
    known = _told(network, dialogue, dialogue.speakers)
    speech = sum(turn.end - turn.start for turn in dialogue.turns)
    return Figures(len(counted.speakers), _error(dialogue, counted), _error(dialogue, known), seconds, speech)


def _told(network: VoiceEncoder, dialogue: dialogues.Dialogue, count: int | None) -> Labelled:
    diarizer = Diarizer(network, count, lambda: None)
    for _ in diarizer.along(block[None] for block in np.array_split(dialogue.samples, 20)):
        pass
    telling = diarizer.tell([_segment(turn) for turn in dialogue.turns])
    while True:
        try:
            next(telling)
        except StopIteration as ended:
            found: Labelled = ended.value
            return found


def _segment(turn: dialogues.Turn) -> Segment:
    edges = np.linspace(turn.start, turn.end, max(2, round((turn.end - turn.start) / WORD_SECONDS) + 1))
    words = tuple(Word(float(start), float(end), "word") for start, end in pairwise(edges))
    return Segment(turn.start, turn.end, " ".join("word" for _ in words), words)


def _error(dialogue: dialogues.Dialogue, told: Labelled) -> float:
    """The share of speech that is another's than it is told, under the best naming; none near the ends of turns."""
    steps = np.arange(0, len(dialogue.samples) / recordings.SAMPLE_RATE, STEP_SECONDS)
    truth, heard = np.full(len(steps), -1), np.full(len(steps), -1)
    names = sorted({turn.speaker for turn in dialogue.turns})
    for turn in dialogue.turns:
        inside = (steps >= turn.start + COLLAR_SECONDS) & (steps < turn.end - COLLAR_SECONDS)
        truth[inside] = names.index(turn.speaker)
    labels = [speaker.label for speaker in told.speakers]
    for segment in told.segments:
        heard[(steps >= segment.start) & (steps < segment.end)] = labels.index(segment.speaker) if labels else -1
    scored = truth >= 0
    shared = np.zeros((len(names), max(1, len(labels))))
    np.add.at(shared, (truth[scored & (heard >= 0)], heard[scored & (heard >= 0)]), 1)
    return 1 - float(shared[linear_sum_assignment(-shared)].sum() / scored.sum())


def _print(name: str, count: int, found: list[tuple[int, Figures]]) -> None:
    right = np.mean([figures.counted == speakers for speakers, figures in found])
    error = np.mean([figures.error for _, figures in found])
    known = np.mean([figures.error_where_known for _, figures in found])
    work = sum(figures.seconds for _, figures in found) / sum(figures.speech_seconds for _, figures in found)
    print(f"| {name} | {count} | {right:.0%} | {error:.1%} | {known:.1%} | {work:.3f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
