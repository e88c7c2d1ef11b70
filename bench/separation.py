"""What HTDemucs costs: demucs' own command line and this service's job, on the same seeded weights, in the same run.

    .venvs/separation/bin/python -m bench.separation [--seconds 24] [--threads 1]
    .venvs/separation/bin/python -m bench.separation --memory [--long 3600]

The network has the published model's shape (41,984,456 parameters) and random weights: cost, memory and equality are
real, what comes out is noise. Each contestant is a process of its own from its start to its last sample, model loaded
from disk, clip read from a WAV file, four float32 stems written; demucs runs with ``--shifts 0`` and reads the same
weights as its own kind of file. CPU seconds and peak memory are those the system counted for the process. The error is
that of our stems against those that demucs wrote, all four together. ``cut`` is how long the graph took that OpenVINO
runs; it is made once, when a model is used first.

``--memory`` runs two clips through this service's job, one of a minute and a long one, with a tiny network that makes
an hour possible, and compares the peaks.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

from bench import memory

ROOT = Path(__file__).resolve().parents[1]
RATE = 44_100
VARIANTS = ("torch float32", "openvino float32", "openvino bfloat16")
FASTER = {"torch float32": 1.0, "openvino float32": 1.25, "openvino bfloat16": 2.0}
"""Least CPU seconds of demucs over ours."""
ERROR_DB = {"torch float32": -100.0, "openvino float32": 20 * math.log10(5e-5), "openvino bfloat16": -45.0}
"""Most error against demucs' stems, energy over energy (dB)."""
FIRST_SECONDS, GROWTH, SAVING = 10.0, 1.1, 0.2
"""Most CPU seconds up to the first stem, most growth of the peak with length, least saving against demucs' peak."""


def main() -> int:
    """Entry point; 1 where a bound is not kept."""
    if len(sys.argv) > 1 and sys.argv[1] == "ours":
        return _ours(*sys.argv[2:])
    options = _arguments()
    with tempfile.TemporaryDirectory() as name:
        return (_memory if options.memory else _compare)(Path(name), options)


def _compare(folder: Path, options: argparse.Namespace) -> int:
    from standins import tiny_demucs

    _install(folder, tiny_demucs.full_size())
    _clip(folder / "clip.wav", options.seconds)
    _clip(folder / "warm.wav", 0.1)
    print(f"{options.seconds:g} s of stereo, HTDemucs of 41,984,456 random parameters, {options.threads} thread(s)")
    heads = ("CPU s", "wall s", "peak MB", "first stem", "x demucs", "error dB", "cut s")
    print(f"{'':20}" + "".join(f"{head:>12}" for head in heads))
    command = [sys.executable, "-m", "demucs", "--repo", str(folder / "repo"), "-n", "htdemucs", "-d", "cpu"]
    command += [
        "--shifts",
        "0",
        "--float32",
        "--clip-mode",
        "none",
        "-o",
        str(folder / "theirs"),
        str(folder / "clip.wav"),
    ]
    theirs = _run(command, options.threads)
    print(f"{'demucs':20}{theirs['cpu']:12.1f}{theirs['wall']:12.1f}{theirs['peak']:12.0f}", flush=True)
    fine = True
    for variant in options.variants:
        backend, precision = variant.split()
        arguments = ["ours", str(folder), backend, precision, str(options.threads)]
        cut = 0.0
        if backend == "openvino" and not list(folder.rglob("core.xml")):
            cut = _run([sys.executable, __file__, *arguments, "warm.wav", "-"], options.threads)["load"]
        row = _run([sys.executable, __file__, *arguments, "clip.wav", variant.replace(" ", "-")], options.threads)
        error = _error(folder / "theirs" / "htdemucs" / "clip", folder / variant.replace(" ", "-"))
        factor = theirs["cpu"] / row["cpu"]
        print(
            f"{variant:20}{row['cpu']:12.1f}{row['wall']:12.1f}{row['peak']:12.0f}{row['first']:12.1f}{factor:12.2f}"
            f"{error:12.1f}{cut or math.nan:12.1f}",
            flush=True,
        )
        fine &= _judge(f"{variant}: {FASTER[variant]:g} times demucs", factor >= FASTER[variant], f"{factor:.2f}")
        bound = ERROR_DB[variant]
        fine &= _judge(f"{variant}: error at most {bound:.0f} dB", error <= bound, f"{error:.1f} dB")
        fine &= _judge(f"{variant}: first stem", row["first"] <= FIRST_SECONDS, f"{row['first']:.1f} CPU s")
        saving = 1 - row["peak"] / theirs["peak"]
        fine &= _judge(f"{variant}: peak {SAVING:.0%} below demucs'", saving >= SAVING, f"{saving:.0%}")
    return 0 if fine else 1


def _memory(folder: Path, options: argparse.Namespace) -> int:
    from standins import tiny_demucs

    network = (
        tiny_demucs.full_size()
        if options.full
        else tiny_demucs.network("htdemucs", segment=tiny_demucs.Fraction(39, 5))
    )
    _install(folder, network)
    peaks = {}
    backend, precision = options.variants[0].split()
    for seconds in (60.0, options.long):
        _clip(folder / "clip.wav", seconds)
        arguments = ["ours", str(folder), backend, precision, str(options.threads), "clip.wav", "-"]
        if not peaks:
            _run([sys.executable, __file__, *arguments], options.threads)  # makes what is made once
        row = _run([sys.executable, __file__, *arguments], options.threads)
        peaks[seconds] = row["peak"]
        print(
            f"{seconds:6g} s: peak {row['peak']:.0f} MB, {row['cpu']:.1f} CPU s, first stem {row['first']:.1f}",
            flush=True,
        )
    growth = peaks[options.long] / peaks[60.0]
    return 0 if _judge(f"peak of {options.long:g} s over that of 60 s", growth <= GROWTH, f"{growth:.3f}") else 1


def _judge(what: str, kept: bool, figure: str) -> bool:
    print(f"  {'kept' if kept else 'MISSED':7}{what}: {figure}", flush=True)
    return kept


def _run(command: list[str], threads: int) -> dict[str, float]:
    """Runs a contestant; CPU and wall seconds, peak of memory in MB, and what it printed of itself."""
    count = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = {**os.environ, **count, "OMP_WAIT_POLICY": "passive", "HF_HUB_OFFLINE": "1", "MALLOC_ARENA_MAX": "2"}
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("", "gen", "wire", "renderers"))
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.communicate()
    wall = time.monotonic() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode(errors='replace')[-2000:]}")
    told = output.decode(errors="replace").strip().splitlines()[-1:] or ["{}"]
    used = json.loads(told[0]) if told[0].startswith("{") else _of_children()
    return {"wall": wall, **used}


def _of_children() -> dict[str, float]:
    """What the system counted for the one contestant that does not tell: the first to run, so its peak is its own."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}


def _ours(folder: str, backend: str, precision: str, threads: str, clip: str, out: str) -> int:
    """What a child process does: one clip through the job, each stem to a file; ``-`` for none."""
    from chassis.audio import Source
    from chassis.encodings import Encoding
    from chassis.models import Manifest, Store
    from services.separation.contract import SeparationRequest, StemBlock
    from services.separation.job import Jobs
    from services.separation.settings import SeparationSettings

    settings = SeparationSettings(
        device="cpu", backend=backend, precision=precision, thread_count=int(threads), default_model="htdemucs"
    )
    base = Path(folder)
    jobs = Jobs(settings, Store(base / "store", Manifest.load(base / "separation" / "models.toml")))
    started = time.monotonic()
    jobs.warm()
    load, first = time.monotonic() - started, 0.0
    files: dict[str, Any] = {}
    target = base / out
    if out != "-":
        target.mkdir()
    for event in jobs.separate(_Task(Source(base / clip)), SeparationRequest(encoding=Encoding("pcm_f32le"))):
        if isinstance(event, StemBlock):
            first = first or time.process_time()
            if out != "-":
                if event.stem not in files:
                    files[event.stem] = (target / f"{event.stem}.f32").open("wb")
                files[event.stem].write(event.data)
    for file in files.values():
        file.close()
    peak = memory.peak_bytes() / 2**20
    print(json.dumps({"cpu": time.process_time(), "peak": peak, "first": first, "load": load}))
    return 0


class _Task:
    def __init__(self, source: Any) -> None:
        self.source = source

    def checkpoint(self) -> None:
        return


def _install(folder: Path, network: Any) -> None:
    """Writes the network as demucs' command line and as this service read it."""
    from demucs.states import save_with_checksum

    from standins import tiny_demucs

    repo = folder / "repo"
    repo.mkdir()
    args, kwargs = network._init_args_kwargs
    state = {name: tensor.half() for name, tensor in network.state_dict().items()}
    save_with_checksum({"klass": type(network), "args": args, "kwargs": kwargs, "state": state}, repo / "aaaa0000.th")
    yaml = tiny_demucs.yaml_of(["aaaa0000"])
    (repo / "htdemucs.yaml").write_text(yaml)
    tiny_demucs.write(folder / "weights", network)
    weights = (folder / "weights").read_bytes()
    tiny_demucs.store(folder, {"htdemucs": {"htdemucs.yaml": yaml.encode(), "aaaa0000.safetensors": weights}})


def _clip(path: Path, seconds: float) -> None:
    """A stereo WAV of swelling noise and a chord, 16 bits, written piece by piece."""
    noise = np.random.default_rng(1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for start in range(0, round(seconds * RATE), RATE):
            count = min(RATE, round(seconds * RATE) - start)
            t = (start + np.arange(count)) / RATE
            chord = sum(np.sin(2 * np.pi * pitch * t) for pitch in (110.0, 277.2, 659.3))
            both = 0.05 * noise.standard_normal((2, count)) * (1 + np.sin(t)) + 0.1 * chord
            file.writeframes((32767 * np.clip(both.T, -1, 1)).astype("<i2").tobytes())


def _error(theirs: Path, ours: Path) -> float:
    """Energy of the difference of all stems over the energy of demucs' (dB)."""
    difference = energy = 0.0
    for path in sorted(ours.glob("*.f32")):
        want = _float_wav(theirs / f"{path.stem}.wav").astype(np.float64)
        got = np.fromfile(path, "<f4").reshape(-1, 2)
        if got.shape != want.shape:
            raise SystemExit(f"{path.stem}: {len(got)} samples, demucs wrote {len(want)}")
        difference += float(np.square(got - want).sum())
        energy += float(np.square(want).sum())
    return 10 * math.log10(max(difference, 1e-300) / energy)


def _float_wav(path: Path) -> np.ndarray:
    from chassis.audio import Source

    return Source(path).read().samples.T


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=24.0, help="length of the clip")
    parser.add_argument("--threads", type=int, default=1, help="threads of every contestant")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, help="what of ours to run")
    parser.add_argument("--memory", action="store_true", help="compare the peaks of a short and a long clip instead")
    parser.add_argument("--long", type=float, default=3600.0, help="seconds of the long clip")
    parser.add_argument("--full", action="store_true", help="with --memory: the real size instead of a tiny network")
    options = parser.parse_args()
    options.variants = options.variants or (["openvino float32"] if options.memory else list(VARIANTS))
    return options


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire")]
    sys.exit(main())
