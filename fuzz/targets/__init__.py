"""The targets: a module each, found by its name, with ``TARGET`` in it."""

from __future__ import annotations

import importlib
from pathlib import Path

from fuzz.target import Target

NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))
"""Every target there is."""
OF_LLM_AUDIO = frozenset(["schema"])
"""Those that need the libraries of llm_audio's environment."""


def target(name: str) -> Target:
    """The target of that name, one of NAMES; ImportError where its libraries are not in this environment."""
    found: Target = importlib.import_module(f"fuzz.targets.{name}").TARGET
    return found
