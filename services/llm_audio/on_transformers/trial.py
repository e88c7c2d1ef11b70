"""Has a loaded model hear a second and answer, so that settings which do not fit its weights are found out at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from chassis.models import InstalledModel, trial
from services.llm_audio.contract import SAMPLE_RATE, Sampling, Turn
from services.llm_audio.on_transformers.device import out_of_memory

if TYPE_CHECKING:
    import torch

    from services.llm_audio.contract import LanguageModel

_SECONDS = 1
_SCHEMA = (
    '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": false}'
)
_WORDS = Turn("", None, "", "What is heard?", Sampling(max_tokens=2))
_FACTS = Turn("", None, "", "What is heard?", Sampling(max_tokens=2, do_sample=True, temperature=1.0), _SCHEMA)


@contextmanager
def blaming(installed: InstalledModel, device: torch.device | None = None) -> Iterator[None]:
    """As :func:`chassis.models.trial.blaming`, and a lack of memory is told with what helps here.

    Raises:
        AntiphonError: MODEL_UNREADABLE, OUT_OF_MEMORY, and what within has FAILED_PRECONDITION.
    """
    try:
        with trial.blaming(installed, device):
            yield
    except Exception as error:
        if told := out_of_memory(error, f"load {installed.name}"):
            raise told from error
        raise


def try_out(installed: InstalledModel, model: LanguageModel, device: torch.device) -> None:
    """Has a model hear a second of quiet noise once, and answer in words and in JSON, two tokens each.

    Raises:
        AntiphonError: as :func:`blaming`; MODEL_NOT_FINITE.
    """
    noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE * _SECONDS).astype(np.float32)
    with blaming(installed, device):
        session = model.open(noise)
        for turn in (_WORDS, _FACTS):
            for _ in session.ask(turn, lambda: None):
                pass
