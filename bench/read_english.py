"""Read English with known text: five clips of LibriVox, and telephone prompts of Debian's asterisk-core-sounds-en."""

from __future__ import annotations

import array
import gzip
import re
import wave
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

RATE = 16_000
LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")
READ = {
    "0870": "and mister john dashwood had then leisure to consider how much there might be prudently in his power "
    "to do for them",
    "0880": "he was not an ill disposed young man",
    "0890": "unless to be rather cold hearted and rather selfish is to be ill disposed",
    "0920": "had he married a more amiable woman he might have been made still more respectable than he was",
    "0930": "he might even have been made amiable himself",
}
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
PROMPT_TEXTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")


def write(path: Path, seconds: float, lines: int | None = None, skip: int = 0) -> tuple[str, float]:
    """Writes the lines of LibriVox, then prompts up to a length, at 16 kHz, half a second of quiet after each.

    Args:
        path: Of the WAV file.
        seconds: Least length, as far as there are prompts; 0 for none of them.
        lines: Lines of LibriVox; all where None.
        skip: Prompts passed over before the first that is taken.

    Returns:
        Its text and its length in seconds.
    """
    parts, texts = [], []
    for number, text in list(READ.items())[:lines]:
        with wave.open(str(LIBRIVOX / f"sense_and_sensibility_01_austen_64kb-{number}.wav")) as file:
            parts.append(array.array("h", file.readframes(file.getnframes())))
        texts.append(text)
    for name, text in islice(_prompts(), skip, None):
        if sum(map(len, parts)) > seconds * RATE:
            break
        with wave.open(str(PROMPTS / f"{name}.wav")) as file:
            parts.append(_doubled(array.array("h", file.readframes(file.getnframes()))))
        texts.append(text)
    quiet = array.array("h", bytes(RATE))
    samples = array.array("h")
    for part in parts:
        samples += part + quiet
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return " ".join(texts), len(samples) / RATE


def _prompts() -> Iterator[tuple[str, str]]:
    """Telephone prompts whose text holds no figures and is long enough to be a sentence."""
    if not PROMPT_TEXTS.exists():
        return
    for row in gzip.decompress(PROMPT_TEXTS.read_bytes()).decode("utf-8", "replace").splitlines():
        name, _, text = row.partition(": ")
        if len(text) > 60 and not re.search(r"[\d\[\]*#]|\.\.\.", text) and (PROMPTS / f"{name}.wav").exists():
            yield name, text


def _doubled(samples: array.array[int]) -> array.array[int]:
    """8 kHz to 16 kHz, a mean between every two samples."""
    doubled = array.array("h", bytes(4 * len(samples)))
    doubled[::2] = samples
    shifted = samples[1:] + samples[-1:]
    doubled[1::2] = array.array("h", ((a + b) // 2 for a, b in zip(samples, shifted, strict=True)))
    return doubled
