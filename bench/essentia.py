"""Features: CPU seconds and peak memory of ours, of Essentia's MusicExtractor, and of librosa's equivalents.

``python -m bench.essentia [--seconds 60 240] [--audio FILE] [--librosa-python PYTHON]``, and with ``--steps``,
``--service`` or ``--memory``; from the root of the project, in the environment of the essentia service.

Each contestant reads the same WAV file in a process of its own, one thread, after a run over ten seconds to warm up;
the contestants take turns, the least CPU seconds (all threads) of the repeats count, and the peak memory is that of
the process. Ours runs three times:

* ``same``: what MusicExtractor gives too. Left out are bands, stereo, envelope and segments, one of three
  tempo estimators, three of five chroma transforms and the AudioCommons models.
* ``scalars``: all groups but timbral, without melody: the set that is to run at 20 times real time.
* ``all``: all groups, without melody.

``--steps`` tells instead what each step of the work costs. ``--service`` starts the real service instead and compares
the CPU seconds of a call, of all its processes, with those of the same work without it. ``--memory`` compares the peak
memory of an hour with that of ten minutes; it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / part) for part in ("", "gen", "wire")]

from bench.essentia_clip import write  # noqa: E402
from bench.essentia_contestants import LENGTHS, measure, steps  # noqa: E402

OURS = ("same", "scalars", "all")
CHUNK = 1 << 18


def main() -> int:
    """Prints the table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0, 240.0], help="lengths of the clip")
    parser.add_argument("--audio", type=Path, help="recording to repeat to that length; made up where left out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--librosa-python", help="interpreter that has librosa; left out where there is none")
    parser.add_argument("--steps", action="store_true", help="tell the cost of each step instead")
    parser.add_argument("--service", action="store_true", help="measure the service's overhead instead")
    parser.add_argument("--memory", action="store_true", help="measure the memory of an hour instead")
    parser.add_argument("--child", nargs=2, metavar=("CONTESTANT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, file = options.child
        print(json.dumps(steps(file, options.repeats) if name == "steps" else measure(name, file, options.repeats)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.steps:
            return tell(write(folder / "clip.wav", options.seconds[0], options.audio), options)
        if options.service:
            return serve(write(folder / "clip.wav", options.seconds[0], options.audio), options)
        if options.memory:
            return remember(write(folder / "clip.wav", 600, options.audio), options)
        return max(compare(folder, seconds, options) for seconds in options.seconds)


def compare(folder: Path, seconds: float, options: argparse.Namespace) -> int:
    """Prints one table; 1 where a goal is missed."""
    clip = write(folder / "clip.wav", seconds, options.audio)
    names = ["musicextractor", *OURS, *(["librosa"] if options.librosa_python else [])]
    rounds = [{name: run(name, clip, options, repeats=1) for name in names} for _ in range(options.repeats)]
    rows = {name: min((each[name] for each in rounds), key=lambda row: row["cpu"]) for name in names}
    print(f"features of {seconds:g} s of stereo, one thread, least of {options.repeats} runs")
    print(f"{'contestant':16} {'CPU s':>8} {'x real time':>12} {'/ MusicExtractor':>17} {'peak MiB':>9} {'scalars':>8}")
    for name, row in rows.items():
        ratio = row["cpu"] / rows["musicextractor"]["cpu"]
        speed, peak = seconds / row["cpu"], row["peak"] / 2**20
        print(f"{name:16} {row['cpu']:8.3f} {speed:12.1f} {ratio:17.3f} {peak:9.0f} {row['scalars']:8.0f}")
    same, speed = rows["same"]["cpu"] / rows["musicextractor"]["cpu"], seconds / rows["scalars"]["cpu"]
    print(f"same set / MusicExtractor: {same:.3f} (wanted: at most 1); scalars: {speed:.1f} x real time (wanted: 20)\n")
    return 0 if same <= 1 and speed >= 20 else 1


def tell(clip: Path, options: argparse.Namespace) -> int:
    """Prints what each step costs."""
    row = run("steps", clip, options)
    for name, seconds in sorted(row.items(), key=lambda item: -item[1]):
        print(f"{seconds:8.3f} CPU s {name}")
    print(f"{sum(row.values()):8.3f} CPU s together, for {options.seconds[0]:g} s of stereo")
    return 0


def remember(clip: Path, options: argparse.Namespace) -> int:
    """Prints the peak memory of ten minutes and of an hour; 1 where the hour needs more than 1.3 times as much."""
    rows = [run(name, clip, options) for name in LENGTHS]
    for minutes, row in zip((10, 60), rows, strict=True):
        print(f"{minutes} minutes: peak {row['peak'] / 2**20:.0f} MiB, {row['cpu']:.1f} CPU s")
    growth = rows[1]["peak"] / rows[0]["peak"]
    print(f"an hour / ten minutes: {growth:.2f} (wanted: at most 1.3)")
    return 0 if growth <= 1.3 else 1


def run(name: str, clip: Path, options: argparse.Namespace, repeats: int | None = None) -> dict[str, float]:
    """Measures one contestant in a fresh process."""
    python = options.librosa_python if name == "librosa" else sys.executable
    repeats = 1 if name in LENGTHS else repeats or options.repeats
    command = [python, "-m", "bench.essentia", "--repeats", str(repeats), "--child", name, str(clip)]
    done = subprocess.run(command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def serve(clip: Path, options: argparse.Namespace) -> int:
    """Prints what the service adds to the work; 1 beyond 5 %."""
    bare = run("all", clip, options)["cpu"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "services", "essentia"]
    environment = {**_environment(), "ESSENTIA_PORT": str(port), "ESSENTIA_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        ask(clip, port)
        spent = []
        for _ in range(options.repeats):
            before = _tree_seconds(process.pid)
            ask(clip, port)
            spent.append(_tree_seconds(process.pid) - before)
    finally:
        process.terminate()
        process.wait()
    overhead = min(spent) / bare - 1
    print(
        f"service {min(spent):.3f} CPU s, the same work without it {bare:.3f}: {overhead:+.1%} (wanted: at most +5 %)"
    )
    return 0 if overhead <= 0.05 else 1


def ask(clip: Path, port: int) -> None:
    """Has the service measure a file, without tags."""
    import grpc

    from antiphon.audio.v1 import audio_pb2
    from antiphon.essentia.v1 import essentia_service_pb2 as pb
    from antiphon.essentia.v1 import essentia_service_pb2_grpc as pb_grpc

    def requests() -> Iterator[pb.AnalyzeRequest]:
        yield pb.AnalyzeRequest(config=pb.AnalysisConfig(tags=pb.TagSettings(skip=True)))
        data = clip.read_bytes()
        for start in range(0, len(data), CHUNK):
            part = data[start : start + CHUNK]
            last = start + CHUNK >= len(data)
            yield pb.AnalyzeRequest(chunk=audio_pb2.AudioChunk(data=part, byte_offset=start, last=last))

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(timeout=60)
        stub = pb_grpc.EssentiaServiceStub(channel)
        for _ in stub.Analyze(requests(), wait_for_ready=True, timeout=300):
            pass


def _tree_seconds(root: int) -> float:
    """CPU seconds of a process and all that it started and that still run."""
    tick = os.sysconf("SC_CLK_TCK")
    parents, seconds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        seconds[int(folder.name)] = (int(fields[11]) + int(fields[12])) / tick
    total = 0.0
    for process, spent in seconds.items():
        above = process
        while above not in (root, 0, 1):
            above = parents.get(above, 0)
        total += spent if above == root else 0
    return total


def _environment() -> dict[str, str]:
    paths = os.pathsep.join(str(PROJECT / part) for part in ("", "gen", "wire"))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}


if __name__ == "__main__":
    sys.exit(main())
