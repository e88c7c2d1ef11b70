"""Networks of demucs' classes, tiny and seeded, and their files as demucs publishes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

from chassis.models import Manifest, Store

STEMS = ["drums", "bass", "other", "vocals"]
ONE_HOT = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
MDX = [[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0]]
"""Weights of the published bag mdx."""

# Segments of 2 s keep the tests quick; everything else is as small as the classes allow.
_COMMON: dict[str, Any] = {"audio_channels": 2, "samplerate": 44100}
ARGUMENTS: dict[str, tuple[type[torch.nn.Module], dict[str, Any]]] = {
    "htdemucs": (
        HTDemucs,
        {
            **_COMMON,
            "channels": 8,
            "bottom_channels": 16,
            "t_layers": 2,
            "t_heads": 2,
            "t_hidden_scale": 1.0,
            "segment": Fraction(2),
        },
    ),
    "hdemucs": (HDemucs, {**_COMMON, "channels": 8, "segment": 2}),
    "demucs": (Demucs, {**_COMMON, "channels": 8, "depth": 4, "segment": 2, "lstm_layers": 1}),
}


def network(kind: str, seed: int = 0, **arguments: Any) -> Any:
    """Builds a network of one of demucs' classes with seeded weights, ready to separate."""
    torch.manual_seed(seed)
    built, kept = ARGUMENTS[kind]
    return built(STEMS, **{**kept, **arguments}).eval()


def full_size(seed: int = 0) -> Any:
    """Builds an HTDemucs of the published model's shape, 41,984,456 parameters, with seeded weights."""
    torch.manual_seed(seed)
    return HTDemucs(STEMS, bottom_channels=512, t_layers=5, dconv_mode=3, segment=Fraction(39, 5)).eval()


def write(path: Path, model: Any, half: bool = True, **metadata: str) -> None:
    """Writes a network's file with the metadata that demucs writes; ``metadata`` replaces entries."""
    args, kwargs = model._init_args_kwargs
    state = {
        name: tensor.half().contiguous() if half and tensor.is_floating_point() else tensor.contiguous()
        for name, tensor in model.state_dict().items()
    }
    named = f"{type(model).__module__}.{type(model).__name__}"
    plain = {"klass": named, "args": json.dumps(_plain(args)), "kwargs": json.dumps(_plain(kwargs))}
    save_file(state, path, {**plain, **metadata})


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def files(folder: Path, kind: str = "htdemucs") -> dict[str, bytes]:
    """Writes a bag of one network into ``folder``; returns the files of such a model by name."""
    write(folder / "tiny", network(kind), half=False)
    return {"tiny.yaml": yaml_of(["tiny"]).encode(), "tiny.safetensors": (folder / "tiny").read_bytes()}


def yaml_of(signatures: Sequence[str], weights: Any = None, segment: float | None = None) -> str:
    """Writes a bag's file."""
    lines = [f"models: {list(signatures)!r}"]
    lines += [f"weights: {weights!r}"] if weights else []
    lines += [f"segment: {segment}"] if segment else []
    return "\n".join(lines) + "\n"


def store(folder: Path, models: Mapping[str, Mapping[str, bytes]]) -> Store:
    """Makes a store under ``folder`` in which ``models``, files by name, are installed for engine demucs."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    for name, files in models.items():
        rows.append(
            f'[[models]]\nname = "{name}"\nengine = "demucs"\ndefault = {str(not rows).lower()}\nstarter = false\n'
            'revision = "seeded"\nlicense_spdx = "CC0-1.0"\ncommercial_use = true\n'
        )
        for file, data in files.items():
            digest = hashlib.sha256(data).hexdigest()
            rows.append(
                f'[[models.files]]\nname = "{file}"\nsize = {len(data)}\nsha256 = "{digest}"\n'
                f'sources = [{{ kind = "https", url = "https://example.invalid/{file}" }}]\n'
            )
    (folder / "separation").mkdir(exist_ok=True)
    manifest = folder / "separation" / "models.toml"
    manifest.write_text("\n".join(rows))
    made = Store(folder / "store", Manifest.load(manifest))
    for files in models.values():
        for data in files.values():
            blob = made.blobs.path(hashlib.sha256(data).hexdigest())
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
    return made
