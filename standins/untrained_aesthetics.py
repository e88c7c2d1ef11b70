"""Audiobox Aesthetics of the published shape, which is the only one its library builds, with made-up weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from services.essentia.engines.aesthetics import AXES

CONFIG: dict[str, Any] = {
    "target_transform": {axis: {"mean": 5.0 + number, "std": 2.0} for number, axis in enumerate(AXES)}
}
"""Means of 5, 6, 7 and 8, so that each axis can be told by its scores."""


def files(folder: Path) -> dict[str, bytes]:
    """Writes config.json and model.safetensors, 0.4 GB, into ``folder``; returns them by name."""
    import torch
    from audiobox_aesthetics.model.aes import AesMultiOutput
    from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(AesMultiOutput(**CONFIG).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
