"""audiocraft 1.3.0 on a current torch: what it imports and never needs is replaced by something that refuses to work.

It pins torch 2.1.0, and torchaudio, xformers and spacy to go with it. Its models import them for training losses,
chroma, one attention kernel and one tokenizer. Here each of their names exists, and whoever uses one is told that it is
absent.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import types
from typing import Any

import torch

ABSENT = {
    "torchaudio": "the library's own chroma, and losses of training",
    "xformers": "one of its kernels for attention",
    "spacy": "the tokenizer of words in the library's debug models",
}
"""Libraries that are not here, and what does not work for the lack of each."""

_PARTS = ("torchaudio", "torchaudio.transforms", "torchaudio.functional", "xformers", "xformers.ops", "spacy")


class AbsentLibraryError(Exception):
    """Something was used that needs a library of ``ABSENT``."""


class _Absent(types.ModuleType):
    """A library that is not here: every name of it can be imported, none can be used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        library = self.__name__.partition(".")[0]
        message = f"{self.__name__}.{name} is not available here: {library} is absent, and with it {ABSENT[library]}"

        def refuse(*_: Any, **__: Any) -> None:
            raise AbsentLibraryError(message)

        return type(name, (), {"__init__": refuse})


def bring_in() -> Any:
    """Imports audiocraft and gives its module of models.

    Raises:
        ModuleNotFoundError: audiocraft is not in this environment.
    """
    # Asked first: where it is missing no library is replaced, for others would take the replacement for the real one.
    if importlib.util.find_spec("audiocraft") is None:
        raise ModuleNotFoundError("No module named 'audiocraft'", name="audiocraft")
    missing = {name for name in ABSENT if name not in sys.modules and importlib.util.find_spec(name) is None}
    for name in _PARTS:
        if name.partition(".")[0] in missing:
            sys.modules[name] = _Absent(name)
            parent, _, own = name.rpartition(".")
            if parent:
                vars(sys.modules[parent])[own] = sys.modules[name]
    ops = sys.modules.get("xformers.ops")
    if isinstance(ops, _Absent):
        # torch's function of that name does the same; attention itself runs on torch's backend.
        vars(ops)["unbind"] = torch.unbind
    return importlib.import_module("audiocraft.models")
