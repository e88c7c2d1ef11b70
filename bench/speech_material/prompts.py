"""Studio prompts of a telephone exchange in five languages, 8 kHz, with their text: Debian's asterisk-core-sounds-*."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from chassis.audio import Source

SOUNDS = Path("/usr/share/asterisk/sounds")
TEXTS = "/usr/share/doc/asterisk-core-sounds-{0}/core-sounds-{0}.txt.gz"
VOICES = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it": "it_IT_m_Carlo",
    "ru": "ru_RU_f_IvrvoiceRU",
}
PACKAGES = "apt-get install asterisk-core-sounds-{0} asterisk-core-sounds-{0}-wav"
MIN_CHARACTERS = 60
"""A sentence; shorter prompts are single words."""


@dataclass(frozen=True)
class Prompt:
    """A recorded prompt: its name, which is the same in every language, and what is said."""

    name: str
    text: str
    path: Path

    def samples(self) -> np.ndarray:
        """At 16 kHz, float32 (n,)."""
        samples: np.ndarray = Source(self.path).read(sample_rate=16000, channels=1).samples[0]
        return samples


@cache
def prompts(language: str) -> dict[str, Prompt]:
    """The prompts of a language by name, each a sentence without figures; empty where the packages are not installed.

    Figures are left out since they may be written as digits or as words.
    """
    texts = Path(TEXTS.format(language))
    if not texts.is_file():
        return {}
    found = {}
    for row in gzip.decompress(texts.read_bytes()).decode("utf-8").splitlines():
        name, _, text = row.partition(": ")
        path = SOUNDS / VOICES[language] / f"{name.strip()}.wav"
        if len(text) >= MIN_CHARACTERS and not re.search(r"[\d\[\]*#<>/]|\.\.\.", text) and path.is_file():
            found[name] = Prompt(name, text, path)
    return found
