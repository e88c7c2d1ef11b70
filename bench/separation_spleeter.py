"""What Spleeter costs: the service's job, and the same networks in their plain form, on the same song in the same run.

    .venvs/separation/bin/python -m bench.separation_spleeter [--seconds 60] [--repeats 3]

The peer is the model as it is published: torch's own STFT, ordinary layers, all patches of the song in one batch (the
published package itself does not run on today's torch, and its TensorFlow original not beside it). Both take the same
decoded samples and give float samples; each runs in a process of its own, one thread, after a run over ten seconds to
warm up. CPU seconds are the least of the repeats, memory the peak of the process. The exit status is 1 where the
job is slower than 12 times real time on one core, by CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import memory

PROJECT = Path(__file__).resolve().parents[1]
RATE = 44_100
WANTED = 12.0
WARM_SECONDS = 10
CONTESTANTS = ("the service's job", "the networks in their plain form")


def main() -> int:
    """Prints the table; 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description="Cost of separation by Spleeter.")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the song, made up")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=2, metavar=("CONTESTANT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_measure(options.child[0], Path(options.child[1]), options.repeats)))
        return 0
    from bench.separation_mixes import bands

    band = next(bands(1)).mix
    count = round(options.seconds * RATE)
    song = np.tile(band, (1, -(-count // band.shape[1])))[:, :count]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.f32"
        path.write_bytes(song.T.astype("<f4").tobytes())
        results = {name: _child(name, path, options.repeats) for name in CONTESTANTS}
    print(f"{options.seconds:g} s of stereo, one thread\n")
    print(f"{'':34}{'CPU s':>9}{'wall s':>9}{'x real time':>13}{'peak MB':>9}")
    for name, found in results.items():
        speed = options.seconds / found["cpu"]
        print(f"{name:34}{found['cpu']:>9.2f}{found['wall']:>9.2f}{speed:>13.1f}{found['peak_mb']:>9.0f}")
    ours, plain = (results[name]["cpu"] for name in CONTESTANTS)
    print(f"\nratio of the plain form to ours: {plain / ours:.2f}")
    speed = options.seconds / ours
    print(f"{speed:.1f} times real time; {WANTED:g} {'as wanted' if speed >= WANTED else 'MISSED'}")
    return 0 if speed >= WANTED else 1


def _child(name: str, path: Path, repeats: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.separation_spleeter", "--repeats", str(repeats), "--child", name, str(path)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = os.pathsep.join(str(PROJECT / part) for part in ("", "gen", "wire"))
    environment = {**os.environ, **threads, "PYTHONPATH": paths, "MALLOC_ARENA_MAX": "2"}
    printed = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(printed)
    return result


def _measure(name: str, path: Path, repeats: int) -> dict[str, float]:
    run = (_job if name == CONTESTANTS[0] else _plain)(path)
    run(WARM_SECONDS)
    cpu, wall = [], []
    for _ in range(repeats):
        started, clock = time.process_time(), time.monotonic()
        run(None)
        cpu.append(time.process_time() - started)
        wall.append(time.monotonic() - clock)
    peak = memory.peak_bytes() / 2**20
    return {"cpu": min(cpu), "wall": min(wall), "peak_mb": peak}


def _job(path: Path) -> Callable[[float | None], None]:
    from bench.separation_quality import Clip
    from chassis.audio import RawPcm, Source
    from chassis.encodings import Encoding
    from chassis.models import Store
    from services.separation.contract import SeparationRequest
    from services.separation.job import Jobs
    from services.separation.settings import SeparationSettings

    store = Store(None, PROJECT / "services" / "separation" / "models.toml")
    jobs = Jobs(SeparationSettings(device="cpu"), store)
    request = SeparationRequest("spleeter-2stems", encoding=Encoding("pcm_f32le"))

    def run(seconds: float | None) -> None:
        for _ in jobs.separate(Clip(Source(path, RawPcm("f32le", RATE, 2), end_seconds=seconds)), request):
            pass

    return run


def _plain(path: Path) -> Callable[[float | None], None]:
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional as F

    from chassis.models import Store
    from services.separation.engines.spleeter.network import UNet

    torch.set_num_threads(1)
    store = Store(None, PROJECT / "services" / "separation" / "models.toml")
    tensors = load_file(next(iter(store.require("spleeter-2stems").files.values())))

    networks = []
    for stem in ("vocals", "accompaniment"):
        state = {name.removeprefix(f"{stem}."): value for name, value in tensors.items() if name.startswith(stem)}
        networks.append(UNet([state[f"down.{level}.weight"].shape[0] for level in range(6)]).eval())
        networks[-1].load_state_dict(state, strict=False)

    @torch.inference_mode()
    def run(seconds: float | None) -> None:
        count = -1 if seconds is None else round(seconds * RATE) * 2
        mix = torch.from_numpy(np.fromfile(path, "<f4", count).reshape(-1, 2).T.copy())
        window = torch.hann_window(4096)
        spectrum = torch.stft(mix, 4096, 1024, window=window, pad_mode="constant", return_complex=True)
        magnitude = F.pad(spectrum.abs()[:, :1024], (0, -spectrum.shape[2] % 512))
        batch = magnitude.unflatten(2, (-1, 512)).permute(2, 0, 3, 1)
        powers = [network(batch).square() for network in networks]
        for power in powers:
            share = (power / (sum(powers) + 1e-10)).permute(1, 3, 0, 2).flatten(2)[..., : spectrum.shape[2]]
            torch.istft(spectrum * F.pad(share, (0, 0, 0, 1025)), 4096, 1024, window=window, length=mix.shape[1])

    return run


if __name__ == "__main__":
    raise SystemExit(main())
