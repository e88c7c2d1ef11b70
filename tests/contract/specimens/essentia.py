"""The engines of the essentia family, each with a tiny model where it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chassis.reports import WorkReport
from services.essentia.contract import AESTHETICS, AnalysisRequest, TagRequest, TagSet
from services.essentia.settings import EssentiaSettings
from tests.contract.signals import music
from tests.contract.specimen import Refusal, Specimen, last_work

SETTINGS = EssentiaSettings(device="cpu", max_seconds=600, window_seconds=60)
GROUPS = ("signal", "loudness", "rhythm", "tonal")
KEPT = "tag networks are small, and a call asks several of them"


def tags(model: str) -> AnalysisRequest:
    """Every score of one tag model, and nothing else."""
    return AnalysisRequest(tags=TagRequest((model,), all_scores=True, embeddings=True), tags_only=True)


def tag_work(events: Sequence[Any]) -> WorkReport:
    """How the one tag set was made: networks that tag say so beside their tags."""
    (found,) = [event for event in events if isinstance(event, TagSet)]
    return WorkReport(found.engine, found.model, found.device, found.precision, found.library_versions)


def aesthetics_work(events: Sequence[Any]) -> WorkReport:
    """How the scores were made: their network is named among those that the summary rests on."""
    (network,) = events[-1].networks
    return replace(last_work(events), model=network)


def aesthetics(folder: Path) -> Mapping[str, bytes]:
    """An untrained network of the one shape that its library knows."""
    from standins import untrained_aesthetics

    return untrained_aesthetics.files(folder)


def extractor(words: str, frames: int = 128) -> Callable[[Path], Mapping[str, bytes]]:
    """Makes an extractor with 400 labels on patches of so many frames, written in TensorflowWords or OnnxWords."""

    def make(folder: Path) -> Mapping[str, bytes]:
        from standins import tiny_tag_networks

        return tiny_tag_networks.extractor_files(folder, getattr(tiny_tag_networks, words), frames)

    return make


def tagger(files: Callable[[Path], Mapping[str, bytes]], *libraries: str, seconds: float, checkpoints: int) -> Specimen:
    """A specimen of an engine that tags."""
    return Specimen(
        libraries=("numpy", *libraries),
        settings=SETTINGS,
        verb="analyze",
        ask=tags,
        files=files,
        samples=music(seconds, 16_000, 1),
        sample_rate=16_000,
        checkpoints=checkpoints,
        unreadable="MODEL_GRAPH",
        besides={"extractor.json": "MODEL_METADATA"},
        refusals=(
            Refusal("INVALID_ARGUMENT", "AUDIO_TOO_SHORT", samples=music(0.02, 16_000, 1)),
            Refusal("INVALID_ARGUMENT", "TAG_THRESHOLD", lambda: AnalysisRequest(tags=TagRequest(threshold=2))),
        ),
        keeps=KEPT,
        work=tag_work,
    )


SPECIMENS = {
    "features": Specimen(
        libraries=("essentia-tensorflow", "numpy"),
        settings=SETTINGS,
        verb="analyze",
        ask=lambda model: AnalysisRequest(GROUPS),
        samples=music(12),
        checkpoints=16,  # a step each; some look more than once
        refusals=(
            Refusal("INVALID_ARGUMENT", "AUDIO_TOO_SHORT", samples=music(0.02)),
            Refusal("INVALID_ARGUMENT", "AUDIO_TOO_LONG", settings={"max_seconds": 1}, samples=music(2)),
            Refusal("INVALID_ARGUMENT", "UNKNOWN_GROUP", lambda: AnalysisRequest(("taste",))),
        ),
        by_name=False,
    ),
    # Eight patches at once, each 0.992 s after the last.
    "onnx": tagger(extractor("OnnxWords"), "onnxruntime", seconds=20, checkpoints=3),
    # 64 patches at once, scores and embeddings each in a run of their own.
    "essentia": tagger(extractor("TensorflowWords"), "essentia-tensorflow", seconds=70, checkpoints=4),
    "aesthetics": Specimen(
        libraries=("audiobox-aesthetics", "torch"),
        settings=SETTINGS,
        verb="analyze",
        ask=lambda model: AnalysisRequest((AESTHETICS,)),
        files=aesthetics,
        samples=music(15, 16_000, 1),
        sample_rate=16_000,
        checkpoints=2,  # windows of 10 s
        refusals=(Refusal("INVALID_ARGUMENT", "AUDIO_TOO_SHORT", samples=music(0.02, 16_000, 1)),),
        by_name=False,
        work=aesthetics_work,
    ),
    # Eight patches at once, each 1.488 s after the last.
    "musicnn": tagger(extractor("OnnxWords", 187), "onnxruntime", seconds=30, checkpoints=3),
}
