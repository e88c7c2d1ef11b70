"""What services need of a GPU together is counted, and compared with what the driver tells of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy import vram
from deploy.checks.containers import COMPOSE, PLACEHOLDERS

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
GIB = 1 << 30


def node(folder: Path, number: int, simd_count: int, banks: list[tuple[int, int]]) -> None:
    """Writes a processor as the driver tells of it: its compute units, and (heap type, bytes) of its memory."""
    (folder / str(number)).mkdir(parents=True)
    (folder / str(number) / "properties").write_text(f"cpu_cores_count 0\nsimd_count {simd_count}\nname gfx\n")
    for index, (heap, size) in enumerate(banks):
        bank = folder / str(number) / "mem_banks" / str(index)
        bank.mkdir(parents=True)
        (bank / "properties").write_text(f"heap_type {heap}\nsize_in_bytes {size}\nflags 0\n")


def test_cards_are_those_that_compute_with_the_memory_that_is_their_own(tmp_path: Path) -> None:
    node(tmp_path, 0, 0, [(0, 64 * GIB)])  # the processor of the machine, with the machine's memory
    node(tmp_path, 10, 256, [(1, 24 * GIB)])
    node(tmp_path, 2, 128, [(2, 16 * GIB), (4, 65536)])
    assert vram.cards(tmp_path) == [16 * GIB, 24 * GIB]
    assert vram.cards(tmp_path / "nowhere") == []


def service(gpu: str, size: str) -> dict[str, object]:
    """A service of a composition."""
    return {"devices": ["/dev/kfd"], "environment": {"HIP_VISIBLE_DEVICES": gpu}, "labels": {"antiphon.vram": size}}


def test_what_is_needed_is_told_by_the_number_of_the_gpu() -> None:
    services = {"a": service("0", "4g"), "b": service("1", "2.5g"), "c": service("0", "500m"), "gateway": {}}
    found = vram.needs({"services": services})
    assert found == {0: {"a": 4 * GIB, "c": 500 << 20}, 1: {"b": 5 * GIB // 2}}
    assert vram.needs({"services": services}, ["b"]) == {1: {"b": 5 * GIB // 2}}


@pytest.mark.parametrize(
    ("gpu", "size", "said"),
    [("", "4g", "A_GPU is ''"), ("0,1", "4g", "A_GPU is '0,1'"), ("0", "", "A_VRAM"), ("0", "lots", "A_VRAM")],
)
def test_what_cannot_be_counted_is_refused_by_the_variable_that_says_it(gpu: str, size: str, said: str) -> None:
    with pytest.raises(vram.NotToldError, match=said):
        vram.needs({"services": {"a": service(gpu, size)}})


def test_services_that_need_more_than_a_card_has_do_not_fit() -> None:
    lines, fits = vram.verdict({0: {"a": 12 * GIB, "b": 5 * GIB}, 1: {"c": GIB}}, [16 * GIB, 16 * GIB])
    assert not fits
    assert lines == ["GPU 0: a 12 + b 5 = 17 GiB does NOT fit into 16.0 GiB", "GPU 1: c 1 = 1 GiB fits into 16.0 GiB"]


def test_services_that_need_what_a_card_has_fit_and_a_card_that_is_not_there_holds_nothing() -> None:
    assert vram.verdict({0: {"a": 12 * GIB, "b": 4 * GIB}}, [16 * GIB])[1]
    lines, fits = vram.verdict({3: {"a": GIB}}, [16 * GIB])
    assert not fits
    assert "no such GPU among the 1" in lines[0]


@pytest.mark.skipif(COMPOSE.find() is None, reason="docker-compose is not installed: make check-deploy brings it")
def test_our_composition_says_what_every_gpu_is_for() -> None:
    told = {**os.environ, **PLACEHOLDERS, "SPEECH_GPU": "1", "LLM_AUDIO_VRAM": "9g"}
    files = [argument for name in vram.FILES for argument in ("-f", str(DEPLOY / name))]
    command = [str(COMPOSE.find()), *files, "config", "--format", "json"]
    read = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    found = vram.needs(json.loads(read.stdout))
    assert {number: sorted(services) for number, services in found.items()} == {
        0: ["generation", "llm_audio", "separation"],
        1: ["speech"],
    }
    assert found[0]["llm_audio"] == 9 * GIB
