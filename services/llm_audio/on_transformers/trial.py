"""Has a loaded model hear a second and answer, so that settings which do not fit its weights are found out at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from antiphon_wire.errors import AntiphonError
from chassis.models import InstalledModel
from services.llm_audio.contract import SAMPLE_RATE, Sampling, Turn
from services.llm_audio.on_transformers.device import out_of_memory
from services.llm_audio.on_transformers.figures import is_out_of_memory, ought_to_fit
from services.llm_audio.on_transformers.refusal import unreadable

if TYPE_CHECKING:
    import torch

    from services.llm_audio.contract import LanguageModel

_SECONDS = 1
_SAID = 300
_SCHEMA = (
    '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": false}'
)
_WORDS = Turn("", None, "", "What is heard?", Sampling(max_tokens=2))
_FACTS = Turn("", None, "", "What is heard?", Sampling(max_tokens=2, do_sample=True, temperature=1.0), _SCHEMA)


@contextmanager
def blaming(installed: InstalledModel, device: torch.device | None = None) -> Iterator[None]:
    """Within the block a model is loaded and tried; whatever fails there is the checkpoint's.

    A lack of memory is, where weights of its size leave more than enough; else it is told as what it is.

    Raises:
        AntiphonError: MODEL_UNREADABLE, and what within has FAILED_PRECONDITION or is a lack of memory.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            if not ought_to_fit(installed, device):
                if told := out_of_memory(error, f"load {installed.name}"):
                    raise told from error
                raise
            raise unreadable(installed, "its settings ask for more memory than there is") from error
        if isinstance(error, AntiphonError):
            # What is refused as a bad request is here the checkpoint's: it was asked for next to nothing.
            if error.code not in ("INVALID_ARGUMENT", "OUT_OF_RANGE"):
                raise
            raise unreadable(installed, error.message) from error
        said = f"{type(error).__name__}: {error}"[:_SAID]
        raise unreadable(installed, f"its files do not fit each other ({said})") from error


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
