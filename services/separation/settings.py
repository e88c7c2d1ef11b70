"""Settings of the separation service, read from ``SEPARATION_*``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chassis.settings import Bounded, setting

PORT = 50051
"""Where this family listens where no setting says otherwise."""


@dataclass(frozen=True)
class SeparationSettings(Bounded):
    """How this service separates; every field is an environment variable, see the service's README."""

    device: str = setting(
        "auto",
        "Where it computes: `cuda` (also ROCm), `cpu`, or `auto` for the first that is there.",
        ("auto", "cpu", "cuda"),
    )
    thread_count: int = setting(1, "CPU threads for one separation; more workers use more cores better.", least=1)
    backend: str = setting(
        "auto",
        "What computes Demucs: `torch`, `openvino` (HTDemucs on CPUs), or `auto` for `openvino` where it can.",
        ("auto", "torch", "openvino"),
    )
    graph_dir: Path | None = setting(
        None, "Folder that keeps the graphs that OpenVINO runs; where not set, `derived` in the model store."
    )
    precision: str = setting(
        "float32",
        "Number format of Demucs; `bfloat16` is faster and differs by about -50 dB, `float16` is for GPUs.",
        ("float32", "bfloat16", "float16"),
    )
    chunks_at_once: int = setting(
        0,
        "Chunks of Demucs computed at once: a batch on a GPU (0: as many as its memory takes), side by side on a CPU, "
        "each with its threads (0: one).",
        least=0,
    )
    live_streams: int = setting(
        0,
        "Mixes separated at once while they are still being sent; 0 refuses them and starts no worker for them, which "
        "would hold a copy of the model.",
        least=0,
    )
    live_seconds: float = setting(3600.0, "Length of audio that one live mix may have, in seconds.", above=0)
    default_model: str = setting("spleeter-2stems", "Model used where a request names none.")
