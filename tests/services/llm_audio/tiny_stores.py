"""Stores with models of made-up weights installed, and tones for those that hear."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chassis.models import Manifest, Store

MANIFEST = Path(__file__).parents[3] / "services" / "llm_audio" / "models.toml"
RATE = 16_000
TINY = "tiny-flamingo"


def tone(seconds: float, pitch: float = 220.0) -> np.ndarray:
    """Chords over ``pitch``, a fourth up and down four times a second, mono (1, n): one that stood is no music."""
    time = np.arange(round(seconds * RATE)) / RATE
    root = pitch * np.array([1.0, 4 / 3])[(4 * time).astype(int) % 2]
    chord = sum(np.sin(2 * np.pi * root * ratio * (time % 0.25)) for ratio in (1.0, 1.25, 1.5)) / 5
    return np.asarray(chord[None], np.float32)


@dataclass(frozen=True)
class Shop:
    """A store with models installed, and the manifest that names them."""

    store: Store
    manifest: Path


def stock(folder: Path, models: Mapping[str, tuple[str, Path]]) -> Shop:
    """Makes a store of models: by name, the engine and the folder whose files they are."""
    rows = []
    for name, (engine, files) in models.items():
        rows.append(
            f'[[models]]\nname = "{name}"\nengine = "{engine}"\ndefault = false\nstarter = false\nrevision = "1"\n'
            'license_spdx = "CC0-1.0"\ncommercial_use = true\n'
        )
        for path in sorted(files.iterdir()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            source = '{ kind = "https", url = "https://example.invalid/x" }'
            rows.append(
                f'[[models.files]]\nname = "{path.name}"\nsize = {path.stat().st_size}\nsha256 = "{digest}"\n'
                f"sources = [{source}]\n"
            )
    manifest = folder / "extra.toml"
    manifest.write_text("\n".join(rows))
    store = Store(folder / "store", Manifest.load(MANIFEST, manifest))
    for name, (_, files) in models.items():
        for file in store.manifest.model(name).files:
            path = store.blobs.path(file.sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(files / file.name, path)
    return Shop(store, manifest)


def flamingo(folder: Path, files: dict[str, Callable[[Path], object]]) -> Shop:
    """Makes a store whose one model, ``TINY``, has these files, each written by its function."""
    weights = folder / "weights"
    weights.mkdir()
    for name, write in files.items():
        write(weights / name)
    return stock(folder, {TINY: ("music-flamingo-gguf", weights)})
