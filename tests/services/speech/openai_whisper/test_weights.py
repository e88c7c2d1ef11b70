"""A converted checkpoint becomes a network, or is refused by what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon_wire.errors import AntiphonError

torch = pytest.importorskip("torch", reason="openai-whisper has an environment of its own")
pytest.importorskip("whisper", reason="openai-whisper has an environment of its own")
from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from services.speech.engines.openai_whisper import weights  # noqa: E402
from standins import tiny_whisper  # noqa: E402

DIMS = [f"n_{name}" for name in ("mels", "vocab")] + [
    f"n_{side}_{name}" for side in ("audio", "text") for name in ("ctx", "state", "head", "layer")
]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and metadata of a tiny checkpoint."""
    (tmp_path / "made").mkdir()
    path = tmp_path / "whole.safetensors"
    path.write_bytes(tiny_whisper.openai_whisper_files(tmp_path / "made")["model.safetensors"])
    with safe_open(str(path), framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())  # noqa: SIM118


def load(folder: Path, tensors: dict[str, Any], metadata: dict[str, str]) -> Any:
    save_file(tensors, folder / "model.safetensors", metadata)
    return weights.load(folder / "model.safetensors", "cpu", torch.float32)


def test_a_whole_checkpoint_is_a_network(tmp_path: Path, parts: tuple[dict[str, Any], dict[str, str]]) -> None:
    network = load(tmp_path, *parts)
    assert network.dims.n_text_layer == json.loads(parts[1]["dims"])["n_text_layer"]


@pytest.mark.parametrize("name", DIMS)
@pytest.mark.parametrize("value", [0, -1, 7, 2**20, 2**40, 1.5, "x", None, [], {}], ids=str)
def test_dimensions_of_no_network_are_refused(
    tmp_path: Path, parts: tuple[dict[str, Any], dict[str, str]], name: str, value: Any
) -> None:
    tensors, metadata = parts
    metadata["dims"] = json.dumps({**json.loads(metadata["dims"]), name: value})
    with pytest.raises(AntiphonError, match="MODEL_INCOMPLETE"):
        load(tmp_path, tensors, metadata)


@pytest.mark.parametrize(
    "heads", ["[[1000000, 0]]", "[[0, -1]]", "[[0]]", "[0]", '[["a", "b"]]', "[[0.5, 0]]", "7", "[" * 100_000]
)
def test_alignment_heads_that_the_decoder_has_not_are_refused(
    tmp_path: Path, parts: tuple[dict[str, Any], dict[str, str]], heads: str
) -> None:
    tensors, metadata = parts
    metadata["alignment_heads"] = heads
    with pytest.raises(AntiphonError, match="MODEL_INCOMPLETE"):
        load(tmp_path, tensors, metadata)
