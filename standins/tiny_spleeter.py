"""Networks of Spleeter's class, tiny and seeded, in a store of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from chassis.models import Manifest, Store
from services.separation.engines.spleeter.network import UNet

TINY_WIDTHS = (2, 4, 4, 8, 8, 8)
METADATA = {"format": "spleeter-unet", "sample_rate": "44100", "stems": "vocals,accompaniment"}
ROW = """
[[models]]
name = "{name}"
engine = "{engine}"
default = {default}
starter = false
revision = "seeded"
license_spdx = "CC0-1.0"
commercial_use = true

[[models.files]]
name = "{name}.safetensors"
size = {size}
sha256 = "{sha256}"
sources = [{{ kind = "https", url = "https://example.invalid/{name}" }}]
"""


def random_state(seed: int) -> dict[str, torch.Tensor]:
    """Draws the weights of a tiny network.

    They are scaled so that its masks differ from bin to bin: constant ones would prove little.
    """
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, tensor in UNet(TINY_WIDTHS).state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        drawn = torch.randn(tensor.shape, generator=generator)
        fan_in = max(1.0, float(np.prod(tensor.shape[1:])))
        if name.endswith("running_var"):
            state[name] = drawn.abs() + 0.5
        elif name.startswith("mask"):
            state[name] = 2.0 * drawn
        else:
            state[name] = drawn * (2.0 / fan_in) ** 0.5 + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return state


def tensors() -> dict[str, torch.Tensor]:
    """Makes the tensors of the weights file, by name."""
    stems = METADATA["stems"].split(",")
    return {f"{stem}.{name}": tensor for seed, stem in enumerate(stems) for name, tensor in random_state(seed).items()}


def files(folder: Path) -> dict[str, bytes]:
    """Writes the weights file into ``folder``; returns the files of such a model by name."""
    path = folder / "tiny.safetensors"
    save_file(tensors(), path, METADATA)
    return {path.name: path.read_bytes()}


def store(root: Path) -> Store:
    """Makes a store with four models.

    ``tiny`` and ``twin`` are installed, ``absent`` is not, and ``other`` is for an engine that there is not.
    """
    folder = root / "separation"
    folder.mkdir()
    (data,) = files(folder).values()
    sha256 = hashlib.sha256(data).hexdigest()
    installed = {"size": len(data), "sha256": sha256}
    manifest = folder / "models.toml"
    manifest.write_text(
        ROW.format(name="tiny", engine="spleeter", default="true", **installed)
        + ROW.format(name="twin", engine="spleeter", default="false", **installed)
        + ROW.format(name="absent", engine="spleeter", default="false", size=1, sha256="0" * 64)
        + ROW.format(name="other", engine="demixer", default="false", **installed)
    )
    made = Store(folder / "store", Manifest.load(manifest))
    blob = made.blobs.path(sha256)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    return made
