"""Reads a converted checkpoint (see services/speech/conversion.py) into openai-whisper's network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import whisper.model
from safetensors import SafetensorError, safe_open

from antiphon_wire.errors import not_ready

_BLOCK = re.compile(r"(encoder|decoder)\.blocks\.(\d+)\.")


class Network(whisper.model.Whisper):
    """Whisper that takes what its encoder gave in place of a spectrogram, so that nothing is encoded twice."""

    def forward(self, mel: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Computes the decoder's logits for ``tokens`` (batch, n); ``mel`` is a spectrogram or encoded audio."""
        encoded = mel.shape[-2:] == (self.dims.n_audio_ctx, self.dims.n_audio_state)
        logits: torch.Tensor = self.decoder(tokens, mel if encoded else self.encoder(mel))
        return logits


def load(path: Path, device: str, dtype: torch.dtype) -> Network:
    """Builds the network with the weights and alignment heads of a file, on ``device``; by path, so nothing is fetched.

    Raises:
        AntiphonError: MODEL_INCOMPLETE where the file lacks what the network needs, or has more.
    """
    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).to(dtype) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        dims = whisper.model.ModelDimensions(**json.loads(metadata["dims"]))
        heads = json.loads(metadata["alignment_heads"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable(path, f"its metadata lack {error}") from error
    _check(path, dims, heads, {name: tuple(tensor.shape) for name, tensor in weights.items()})
    network = Network(dims)
    try:
        network.load_state_dict(weights, strict=True, assign=True)
    except RuntimeError as error:
        raise _unreadable(path, str(error).splitlines()[0]) from error
    aligned = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
    for layer, head in heads:
        aligned[layer, head] = True
    network.register_buffer("alignment_heads", aligned.to_sparse(), persistent=False)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    # LayerNorm computes in float32 whatever the rest does, as whisper's own loader leaves it.
    for module in network.modules():
        if isinstance(module, whisper.model.LayerNorm):
            module.float()
    ready: Network = network.to(device).eval()
    return ready


def _check(path: Path, dims: whisper.model.ModelDimensions, heads: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuses numbers that are not those of the weights, before a network is made of them."""
    numbers = vars(dims)
    for name, size in _measured(path, shapes).items():
        if numbers[name] != size:
            raise _unreadable(path, f"its dims say {name} {numbers[name]!r}, its weights {size}")
    for side in ("audio", "text"):
        width, parts = numbers[f"n_{side}_state"], numbers[f"n_{side}_head"]
        if not isinstance(parts, int) or not 0 < parts <= width or width % parts:
            raise _unreadable(path, f"its dims cut {width} numbers of {side} into {parts} heads")
    try:
        inside = [range(dims.n_text_layer), range(dims.n_text_head)]
        sound = all(layer in inside[0] and head in inside[1] for layer, head in heads)
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise _unreadable(path, "its alignment heads are none of its decoder's")


def _measured(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Reads the dimensions off the shapes of the weights; the heads are in none of them."""
    try:
        width, mels, _ = shapes["encoder.conv1.weight"]
        frames, _ = shapes["encoder.positional_embedding"]
        positions, _ = shapes["decoder.positional_embedding"]
        words, text_width = shapes["decoder.token_embedding.weight"]
    except (KeyError, ValueError) as error:
        raise _unreadable(path, f"its weights lack {error}") from error
    blocks = {match.groups() for name in shapes if (match := _BLOCK.match(name))}
    return {
        "n_mels": mels,
        "n_audio_ctx": frames,
        "n_audio_state": width,
        "n_audio_layer": sum(side == "encoder" for side, _ in blocks),
        "n_vocab": words,
        "n_text_ctx": positions,
        "n_text_state": text_width,
        "n_text_layer": sum(side == "decoder" for side, _ in blocks),
    }


def _unreadable(path: Path, cause: str) -> Exception:
    return not_ready(
        "MODEL_INCOMPLETE",
        f"{path.name} is no checkpoint for openai-whisper: {cause}; pull the model again",
        file=path.name,
    )
