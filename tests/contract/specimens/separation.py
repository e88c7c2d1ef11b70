"""The engines of the separation family, each with a tiny model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services.separation.contract import SeparationRequest, Tuning
from services.separation.settings import SeparationSettings
from tests.contract.signals import music
from tests.contract.specimen import SPECIMEN, Refusal, Specimen

SETTINGS = SeparationSettings(device="cpu", backend="torch", default_model=SPECIMEN)
REQUEST = SeparationRequest(SPECIMEN)
UNKNOWN_STEM = Refusal("INVALID_ARGUMENT", "UNKNOWN_STEM", lambda: replace(REQUEST, stems=("kazoo",)))
NO_SHIFTS = Refusal("INVALID_ARGUMENT", "OPTION_NOT_SUPPORTED", lambda: replace(REQUEST, tuning=Tuning(shifts=2)))


def spleeter(folder: Path) -> Mapping[str, bytes]:
    """Two networks of Spleeter's shape."""
    from standins import tiny_spleeter

    return tiny_spleeter.files(folder)


def demucs(folder: Path) -> Mapping[str, bytes]:
    """An HTDemucs of segments of 2 s."""
    from standins import tiny_demucs

    return tiny_demucs.files(folder)


DEMUCS = Specimen(
    libraries=("demucs", "numpy", "safetensors", "torch"),
    settings=SETTINGS,
    verb="separate",
    ask=SeparationRequest,
    files=demucs,
    samples=music(7),
    checkpoints=5,  # segments of 2 s, every 1.5 s
    unreadable="MODEL_UNREADABLE",
    refusals=(
        UNKNOWN_STEM,
        Refusal("INVALID_ARGUMENT", "SEGMENT", lambda: replace(REQUEST, tuning=Tuning(segment_seconds=3))),
    ),
    sampled=lambda: replace(REQUEST, tuning=Tuning(shifts=2)),
    seeded=lambda request, seed: replace(request, tuning=replace(request.tuning, seed=seed)),
)

SPECIMENS = {
    "dsp": Specimen(
        libraries=("numpy",),
        settings=SETTINGS,
        verb="separate",
        ask=SeparationRequest,
        samples=music(10),
        checkpoints=4,  # stretches of 3 s
        refusals=(
            UNKNOWN_STEM,
            NO_SHIFTS,
            Refusal("FAILED_PRECONDITION", "DEVICE_NOT_AVAILABLE", settings={"device": "cuda"}),
        ),
    ),
    "spleeter": Specimen(
        libraries=("numpy", "safetensors", "torch"),
        settings=SETTINGS,
        verb="separate",
        ask=SeparationRequest,
        files=spleeter,
        samples=music(13),
        checkpoints=4,  # two networks, patches of 11.9 s
        unreadable="MODEL_UNREADABLE",
        refusals=(UNKNOWN_STEM, NO_SHIFTS),
    ),
    "demucs": DEMUCS,
    # What computes HTDemucs on a CPU where nothing else is set.
    "demucs+openvino": replace(
        DEMUCS, libraries=(*DEMUCS.libraries, "openvino"), settings=replace(SETTINGS, backend="openvino")
    ),
}
