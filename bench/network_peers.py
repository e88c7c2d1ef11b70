"""The peers of the networks that hear beats, keys and chords: their makers' own code, as packages publish it.

They run in an environment of their own with torch, numpy, scipy and madmom-infer, and a folder that holds the unpacked
wheel BeatNet 1.1.3 and the unpacked source archive madmom-0.16.1, of which nothing is built::

    python -m venv peers && peers/bin/pip install torch numpy scipy madmom-infer==0.2.0
    peers/bin/pip download --no-deps --only-binary :all: --dest peers BeatNet==1.1.3
    unzip -d peers peers/BeatNet*.whl
    tar --directory peers -xzf madmom-0.16.1.tar.gz
    peers/bin/python -m bench.network_peers peers --fixtures tests/services/essentia/networks/fixtures

madmom itself no longer builds; madmom-infer is its spectrograms anew, held to the same bits by its author.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import memory
from bench.network_song import RATE, song

FIXTURE_FRAMES = 200


def spectrogram(samples: np.ndarray, rate: int, frame: int, hop: int, rises: bool, **bands: Any) -> np.ndarray:
    """madmom's logarithmic spectrogram of mono float32 samples, with the rises beside it where asked for."""
    from madmom_infer.audio.signal import FramedSignalProcessor, Signal
    from madmom_infer.audio.spectrogram import (
        FilteredSpectrogramProcessor,
        LogarithmicSpectrogramProcessor,
        SpectrogramDifferenceProcessor,
    )
    from madmom_infer.audio.stft import ShortTimeFourierTransformProcessor

    steps = [FramedSignalProcessor(frame_size=frame, hop_size=hop), ShortTimeFourierTransformProcessor()]
    steps += [FilteredSpectrogramProcessor(num_bands=24, **bands), LogarithmicSpectrogramProcessor(mul=1, add=1)]
    if rises:
        steps.append(SpectrogramDifferenceProcessor(diff_ratio=0.5, positive_diffs=True, stack_diffs=np.hstack))
    found = Signal(samples, sample_rate=rate, num_channels=1)
    for step in steps:
        found = step(found)
    return np.asarray(found)


def load(name: str, path: Path) -> Any:
    """Imports one file of a package without the package around it."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def beatnet(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """BeatNet's own class with its own weights, the mean of the three: samples at RATE / 2 to (frames, 3)."""
    import torch

    torch.set_num_threads(1)
    made = load("beatnet_model", folder / "BeatNet" / "model.py").BDA
    weights = [folder / "BeatNet" / "models" / f"model_{number}_weights.pt" for number in (1, 2, 3)]

    def run(samples: np.ndarray) -> np.ndarray:
        features = spectrogram(samples, RATE // 2, 1411, 441, rises=True, fmin=30, fmax=17000, norm_filters=True)
        found = []
        for path in weights:
            network = made(272, 150, 2, "cpu")
            network.load_state_dict(torch.load(path, weights_only=True), strict=False)
            network.eval()
            with torch.inference_mode():
                logits = network(torch.from_numpy(features.astype(np.float32))[None])[0]
                found.append(network.final_pred(logits).numpy().T)
        return np.asarray(np.mean(found, axis=0))

    return run


def main() -> int:
    """Writes fixtures, or measures one peer and prints a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the unpacked packages")
    parser.add_argument("--fixtures", type=Path, metavar="FOLDER", help="write what the peers say of the song")
    parser.add_argument("--measure", choices=["beats"], help="tell the cost of one peer instead")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the song that is measured")
    options = parser.parse_args()
    if options.fixtures:
        options.fixtures.mkdir(parents=True, exist_ok=True)
        activations = beatnet(options.folder)(song(4.0)[::2])[:FIXTURE_FRAMES]
        np.savez_compressed(options.fixtures / "beatnet.npz", activations=activations.astype(np.float32))
    if options.measure:
        peer, samples = beatnet(options.folder), song(options.seconds)[::2]
        peer(samples[: 2 * RATE])
        started = time.process_time()
        peer(samples)
        print(json.dumps({"cpu": time.process_time() - started, "peak": memory.peak_bytes()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
