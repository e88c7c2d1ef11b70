"""Models of audiocraft with made-up weights, in a store of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.models import Store
from services.generation.settings import GenerationSettings
from standins import tiny_audiocraft


@pytest.fixture(scope="session")
def craft_settings() -> GenerationSettings:
    """Settings of the engine audiocraft, with short windows."""
    return GenerationSettings(
        engine="audiocraft", device="cpu", default_model="music", window_seconds=4.0, context_seconds=1.5
    )


@pytest.fixture(scope="session")
def craft_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Models of each kind, conditioned and completed as released ones are."""
    return tiny_audiocraft.store(
        tmp_path_factory.mktemp("models"),
        {
            "music": {"kind": "musicgen"},
            "effects": {"kind": "audiogen"},
            "magnet": {"kind": "magnet"},
            "melody": {"kind": "musicgen", "self_wav": tiny_audiocraft.CHROMA},
            "diffused": {"kind": "musicgen", "parts": ("diffusion",)},
            "heard": {"kind": "musicgen", "parts": ("t5",), "description": tiny_audiocraft.T5},
            "deaf": {"kind": "musicgen", "description": tiny_audiocraft.T5},
        },
    )


@pytest.fixture(scope="session")
def released(craft_store: Store) -> Path:
    """Folder of the pickles that ``craft_store`` was converted from, one folder for each model."""
    return craft_store.root.parent / "released"
