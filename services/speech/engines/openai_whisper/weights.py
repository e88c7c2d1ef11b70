"""Reads a converted checkpoint (see services/speech/conversion.py) into openai-whisper's network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import whisper.model
from safetensors import SafetensorError, safe_open

from antiphon_wire.errors import not_ready

_LARGEST = 1 << 20
"""Far beyond any of Whisper's dimensions; a network is made of them before the weights are compared with it."""


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
    _check(path, dims, heads)
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


def _check(path: Path, dims: whisper.model.ModelDimensions, heads: Any) -> None:
    """Refuses numbers of which no network can be made; whether the weights fit those, loading them shows."""
    numbers = vars(dims)
    if not all(isinstance(each, int) and 0 < each <= _LARGEST for each in numbers.values()):
        raise _unreadable(path, f"its dims are {numbers}; each is a count of 1 to {_LARGEST}")
    for side in ("audio", "text"):
        width, parts = numbers[f"n_{side}_state"], numbers[f"n_{side}_head"]
        if width % parts:
            raise _unreadable(path, f"its dims cut {width} numbers of {side} into {parts} heads")
    try:
        inside = [range(dims.n_text_layer), range(dims.n_text_head)]
        sound = all(layer in inside[0] and head in inside[1] for layer, head in heads)
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise _unreadable(path, "its alignment heads are none of its decoder's")


def _unreadable(path: Path, cause: str) -> Exception:
    return not_ready(
        "MODEL_INCOMPLETE",
        f"{path.name} is no checkpoint for openai-whisper: {cause}; pull the model again",
        file=path.name,
    )
