"""What a worker imports: each runtime for its own engines alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("engines", "wanted", "unwanted"),
    [
        (("text-gguf", "music-flamingo-gguf"), "llama_cpp", "torch"),
        (("music-flamingo-transformers", "gemma3n-transformers"), "torch", "llama_cpp"),
    ],
)
def test_an_engine_imports_its_own_runtime_and_not_the_other(
    engines: tuple[str, ...], wanted: str, unwanted: str
) -> None:
    code = (
        "import sys; from chassis.family.loading import engine_class; from services.llm_audio.engines import ENGINES; "
        f"[engine_class('llm_audio', ENGINES, each) for each in {engines!r}]; print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    imported = set(told.stdout.split())
    assert wanted in imported
    assert unwanted not in imported
    assert not {"torchaudio", "torchvision", "timm"} & imported
