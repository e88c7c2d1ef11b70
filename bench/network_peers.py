"""The peers of the networks that hear beats, keys and chords: their makers' own code and weights, as published.

They run in an environment of their own with torch, numpy and scipy, and with a folder that holds two packages
unpacked, of which nothing is built::

    python -m venv peers && peers/bin/pip install torch numpy scipy
    peers/bin/pip download --no-deps --only-binary :all: --dest peers BeatNet==1.1.3
    unzip -d peers peers/BeatNet*.whl && tar --directory peers -xzf madmom-0.16.1.tar.gz
    peers/bin/python -m bench.network_peers peers --fixtures tests/services/essentia/networks/fixtures

madmom 0.16.1 is of 2018. What it asks of Python and numpy and has gone since is put back; what it has of compiled parts
(comb filters, hidden Markov models) is not used by these networks.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import memory
from bench.network_song import RATE, song

Peer = Callable[[np.ndarray], Any]


def open_packages(folder: Path) -> None:
    """Makes madmom's modules, and BeatNet's model, importable."""
    for name in ("MutableSequence", "Iterable", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))
    for name in ("float", "int", "bool", "object", "complex"):
        if name not in vars(np):
            setattr(np, name, getattr(__import__("builtins"), name))
    madmom = folder / "madmom-0.16.1" / "madmom"
    for name, path in [
        ("madmom", madmom),
        *((f"madmom.{part}", madmom / part) for part in ("audio", "ml", "features")),
    ]:
        _package(name, path)
    _package("BeatNet", folder / "BeatNet")
    sys.modules["madmom"].__version__ = "0.16.1"
    for name in ("madmom.audio.comb_filters", "madmom.ml.hmm", "mido"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["mido"].MidiFile = object
    filters = types.ModuleType("scipy.ndimage.filters")
    vars(filters).update(vars(importlib.import_module("scipy.ndimage")))
    sys.modules[filters.__name__] = filters


def _package(name: str, path: Path) -> None:
    """A package whose own program is not run, for that of madmom imports what is compiled."""
    sys.modules[name] = package = types.ModuleType(name)
    package.__path__ = [str(path)]


def beats(folder: Path) -> Peer:
    """BeatNet's class with its weights, the mean of the three: samples at RATE to (frames, 3)."""
    import torch
    from BeatNet.model import BDA
    from madmom.audio.signal import FramedSignalProcessor, Signal
    from madmom.audio.spectrogram import (
        FilteredSpectrogramProcessor,
        LogarithmicSpectrogramProcessor,
        SpectrogramDifferenceProcessor,
    )
    from madmom.audio.stft import ShortTimeFourierTransformProcessor

    torch.set_num_threads(1)
    weights = [folder / "BeatNet" / "models" / f"model_{number}_weights.pt" for number in (1, 2, 3)]

    def run(samples: np.ndarray) -> np.ndarray:
        features = Signal(samples[::2].copy(), sample_rate=RATE // 2, num_channels=1)
        # As BeatNet's LOG_SPECT, whose module needs librosa.
        for step in (
            FramedSignalProcessor(frame_size=1411, hop_size=441),
            ShortTimeFourierTransformProcessor(),
            FilteredSpectrogramProcessor(num_bands=24, fmin=30, fmax=17000, norm_filters=True),
            LogarithmicSpectrogramProcessor(mul=1, add=1),
            SpectrogramDifferenceProcessor(diff_ratio=0.5, positive_diffs=True, stack_diffs=np.hstack),
        ):
            features = step(features)
        found = []
        for path in weights:
            network = BDA(272, 150, 2, "cpu")
            network.load_state_dict(torch.load(path, weights_only=True), strict=False)
            network.eval()
            with torch.inference_mode():
                logits = network(torch.from_numpy(np.asarray(features, np.float32))[None])[0]
                found.append(network.final_pred(logits).numpy().T)
        return np.asarray(np.mean(found, axis=0))

    return run


def keys(folder: Path) -> Peer:
    """madmom's key recognition: samples at RATE to (24,) from A up, majors first."""
    from madmom.audio.signal import Signal
    from madmom.features.key import CNNKeyRecognitionProcessor

    recognise = CNNKeyRecognitionProcessor()
    return lambda samples: np.asarray(recognise(Signal(samples, RATE, num_channels=1)))[0]


def chords(folder: Path) -> Peer:
    """madmom's chord recognition: samples at RATE to potentials (frames, 25) from A up, and the path through them."""
    from madmom.audio.signal import Signal
    from madmom.features.chords import CNNChordFeatureProcessor
    from madmom.ml.crf import ConditionalRandomField
    from madmom.models import CHORDS_CFCRF

    features, field = CNNChordFeatureProcessor(), ConditionalRandomField.load(CHORDS_CFCRF[0])

    def run(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = np.asarray(features(Signal(samples, RATE, num_channels=1)))
        return found @ field.W + field.c, field(found)

    return run


PEERS = {"beats": beats, "keys": keys, "chords": chords}


def write_fixtures(folder: Path, out: Path) -> None:
    """Writes what the peers say of 200 frames of the song: 4 s for beats, 40 s for keys, 20 s for chords."""
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "beats.npz", activations=beats(folder)(song(4.0)).astype(np.float32))
    np.savez_compressed(out / "keys.npz", probabilities=keys(folder)(song(40.0)))
    potentials, path = chords(folder)(song(20.0))
    np.savez_compressed(out / "chords.npz", potentials=potentials.astype(np.float32), path=path)


def main() -> int:
    """Writes fixtures, or measures one peer and prints a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the unpacked packages")
    parser.add_argument("--fixtures", type=Path, metavar="FOLDER", help="write what the peers say of the song")
    parser.add_argument("--measure", choices=PEERS, help="tell the cost of one peer instead")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the song that is measured")
    options = parser.parse_args()
    open_packages(options.folder)
    if options.fixtures:
        write_fixtures(options.folder, options.fixtures)
    if options.measure:
        peer, samples = PEERS[options.measure](options.folder), song(options.seconds)
        peer(samples[: 5 * RATE])
        started = time.process_time()
        peer(samples)
        print(json.dumps({"cpu": time.process_time() - started, "peak": memory.peak_bytes()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
