"""Word error rates by language, on recorded speech with known text; whether the language was found by itself.

    .venvs/speech/bin/python -m bench.speech_languages [--model whisper-base] [--seconds 60] [--languages en fr]
    .venvs/speech-openai-whisper/bin/python -m bench.speech_languages --model whisper-base.openai

Read English (LibriVox, 16 kHz: Debian's pocketsphinx-testdata) and prompts of a telephone exchange in five languages
(8 kHz: asterisk-core-sounds-*). Each recording is transcribed by itself, as a call would, with the service's defaults;
nothing tells the language. The last column translates to English and counts the words of the English prompt of the same
name that are found in any order.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.speech_material import recordings
from bench.speech_material.prompts import PACKAGES, VOICES, prompts
from bench.speech_material.word_errors import word_errors, words
from chassis.family.loading import Loader
from chassis.models import Store
from services.speech.contract import Findings, Segment, TranscriptionRequest
from services.speech.engines import ENGINES
from services.speech.settings import SpeechSettings
from services.speech.whisper.model import WhisperModel

MANIFEST = Path(__file__).parents[1] / "services" / "speech" / "models.toml"


@dataclass
class Row:
    """What was found of one set."""

    clips: int = 0
    seconds: float = 0.0
    words: int = 0
    errors: int = 0
    found: int = 0
    cpu: float = 0.0
    english: int = 0
    translated: int = 0


def main() -> int:
    """Entry point."""
    options = _arguments()
    engine = _load(options.model, options.compute_type)
    print(f"{options.model}, {engine.precision}, beam 5, temperature 0, voice detection on, language not named")
    print(
        f"{'set':12}{'clips':>6}{'seconds':>9}{'words':>7}{'WER %':>8}{'language':>10}{'CPU s':>8}{'translated %':>14}"
    )
    read = [(recordings.LINES[number], recordings.line(number), "") for number in recordings.LINES]
    _print("en, read", _measure(engine, "en", iter(read), False))
    for language in options.languages:
        if not prompts(language):
            print(f"{language:12} is left out: {PACKAGES.format(language)}")
            continue
        translated = language != "en" and len(engine.languages) > 1
        _print(language, _measure(engine, language, _prompts(language, options.seconds), translated))
    return 0


def _load(name: str, compute_type: str) -> WhisperModel:
    installed = Store(None, MANIFEST).require(name)
    settings = SpeechSettings(installed.model.engine, device="cpu", compute_type=compute_type)
    engine: WhisperModel = Loader("speech", ENGINES, settings).load(installed)
    return engine


def _prompts(language: str, seconds: float) -> Iterator[tuple[str, np.ndarray, str]]:
    english = prompts("en")
    for prompt in sorted(prompts(language).values(), key=lambda each: (-each.path.stat().st_size, each.name)):
        if seconds <= 0:
            return
        samples = prompt.samples()
        seconds -= len(samples) / recordings.SAMPLE_RATE
        yield prompt.text, samples, english[prompt.name].text if prompt.name in english else ""


def _measure(
    engine: WhisperModel, language: str, clips: Iterator[tuple[str, np.ndarray, str]], translated: bool
) -> Row:
    row = Row()
    for text, samples, english in clips:
        started = time.process_time()
        heard, findings = _listen(engine, samples, "transcribe")
        row.cpu += time.process_time() - started
        row.clips += 1
        row.seconds += len(samples) / recordings.SAMPLE_RATE
        row.words += len(words(text))
        row.errors += word_errors(text, heard)
        row.found += findings.language == language
        if translated and english:
            given = set(words(_listen(engine, samples, "translate")[0]))
            row.english += len(words(english))
            row.translated += sum(word in given for word in words(english))
    return row


def _listen(engine: WhisperModel, samples: np.ndarray, task: str) -> tuple[str, Findings]:
    events = list(engine.listen([samples[None]], TranscriptionRequest(task=task), lambda: None))
    assert isinstance(events[-1], Findings)
    return " ".join(event.text for event in events if isinstance(event, Segment)), events[-1]


def _print(name: str, row: Row) -> None:
    translated = f"{100 * row.translated / row.english:.0f}" if row.english else "-"
    print(
        f"{name:12}{row.clips:6}{row.seconds:9.1f}{row.words:7}{100 * row.errors / row.words:8.1f}"
        f"{row.found:6} of {row.clips:<3}{row.cpu:5.1f}{translated:>14}",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="whisper-base", help="a model of the engine that is installed here")
    parser.add_argument("--compute-type", default="auto", help="number format; int8 for faster-whisper on a CPU")
    parser.add_argument("--seconds", type=float, default=60.0, help="prompts of each language, the longest first")
    parser.add_argument("--languages", nargs="*", default=list(VOICES), choices=list(VOICES))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
