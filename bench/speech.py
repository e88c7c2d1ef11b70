"""What transcription costs: through the service, by bare faster-whisper, and by openai-whisper, on the same weights.

    .venvs/cli/bin/python bench/speech.py [--quick]

One file of read English with known text is transcribed by each in turn, one thread each, with the same beam, word
times, language given and no voice detection. CPU seconds are those of the process that computes, from the request to
the last word, the model loaded and warm; of several rounds the least is taken, and wall time is not compared. The third
contestant is openai-whisper's own ``transcribe``, as its command line calls it, with the same weights put in: the
command itself would need the program ffmpeg and a pickled checkpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# The client's packages, where the bench is started without a path to them.
sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")]

from bench import memory, read_english  # noqa: E402
from bench.speech_material.word_errors import word_errors, words  # noqa: E402

SET_SECONDS = 150
CPU_LIMIT, PEER_FACTOR = 1.03, 5.0
"""What the service may cost more than the bare library, and openai-whisper at least more than the service."""


def main() -> int:
    """Entry point; 1 where a bound is not kept."""
    if len(sys.argv) > 1 and sys.argv[1] in ("bare", "openai"):
        return _contestant(*sys.argv[1:])
    options = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, seconds = read_english.write(folder / "speech.wav", 0 if options.quick else SET_SECONDS)
        warm = folder / "warm.wav"
        read_english.write(warm, 0, lines=1)
        count = len(words(text))
        print(f"{seconds:.1f} s of speech, {count} words, {options.model}, beam {options.beam}, 1 thread")
        rows = {}
        with Service(options.model, options.beam, options.speech_python, folder) as service:
            service.transcribe(warm)
            bare = _Child(options.speech_python, "bare", options, folder)
            for _ in range(options.rounds):
                for label, run in (("service", service.transcribe), ("faster-whisper", bare.transcribe)):
                    _keep_least(rows, label, run(folder / "speech.wav"))
            bare.close()
        if options.openai_python.exists():
            peer = _Child(options.openai_python, "openai", options, folder)
            _keep_least(rows, "openai-whisper", peer.transcribe(folder / "speech.wav"))
            peer.close()
        else:
            print(
                f"openai-whisper is left out: there is no {options.openai_python} (make .venvs/speech-openai-whisper)"
            )
    return _report(rows, text, seconds)


def _report(rows: dict[str, dict[str, Any]], text: str, seconds: float) -> int:
    print(f"{'':16}{'CPU s':>8}{'audio/CPU':>11}{'WER %':>8}{'peak MB':>9}{'x service':>11}")
    ours = rows["service"]
    count = len(words(text))
    for label, row in rows.items():
        row["wer"] = 100 * word_errors(text, row["text"]) / count
        print(
            f"{label:16}{row['cpu']:8.2f}{seconds / row['cpu']:11.2f}{row['wer']:8.2f}{row['peak'] / 2**20:9.0f}"
            f"{row['cpu'] / ours['cpu']:11.2f}"
        )
    fine = True
    overhead = ours["cpu"] / rows["faster-whisper"]["cpu"]
    fine &= _judge(
        f"service within {CPU_LIMIT - 1:.0%} of faster-whisper", overhead <= CPU_LIMIT, f"{overhead - 1:+.1%}"
    )
    if "openai-whisper" in rows:
        factor = rows["openai-whisper"]["cpu"] / ours["cpu"]
        worse = ours["wer"] - rows["openai-whisper"]["wer"]
        fine &= _judge(
            f"openai-whisper costs {PEER_FACTOR:g} times as much", factor >= PEER_FACTOR, f"{factor:.2f} times"
        )
        fine &= _judge("error rate at most 0.5 points above it", worse <= 0.5, f"{worse:+.2f} points")
    return 0 if fine else 1


def _judge(what: str, kept: bool, figure: str) -> bool:
    print(f"{'kept' if kept else 'MISSED':7} {what}: {figure}")
    return kept


def _keep_least(rows: dict[str, dict[str, Any]], label: str, row: dict[str, Any]) -> None:
    peak = max(row["peak"], rows.get(label, row)["peak"])
    if label not in rows or row["cpu"] < rows[label]["cpu"]:
        rows[label] = row
    rows[label]["peak"] = peak


class Service:
    """The speech service in a process of its own, asked through the client."""

    def __init__(self, model: str, beam: int, python: Path, folder: Path) -> None:
        self._model = model
        self._beam = beam
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        environment = _environment() | {
            "SPEECH_PORT": str(self._port),
            "SPEECH_DEVICE": "cpu",
            "SPEECH_LIVE_STREAMS": "0",
            "SPEECH_SPOOL_DIR": str(folder),
            "SPEECH_THREAD_COUNT": "1",
            "SPEECH_DEFAULT_MODEL": model,
        }
        log = ROOT / "build" / "bench" / "speech-service.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("wb")
        command = [str(python), "-m", "services", "speech"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log)

    def __enter__(self) -> Service:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.2)
        raise SystemExit(f"the service did not start; see {self._log.name}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def transcribe(self, path: Path) -> dict[str, Any]:
        """Text, CPU seconds of service and workers together, and the workers' peak of memory in bytes."""
        from antiphon.speech.v1 import speech_service_pb2 as pb
        from antiphon_client import SyncClient

        config = pb.TranscriptionConfig(
            model=self._model, language_code="en", beam_size=self._beam, voice_activity_detection=False
        )
        before = self.cpu()
        with SyncClient(self.target) as client:
            segments = [event for event in client.transcribe(path, config) if isinstance(event, pb.Segment)]
        cpu = self.cpu() - before
        return {"text": " ".join(segment.text for segment in segments), "cpu": cpu, "peak": self.peak()}

    def _processes(self) -> Iterator[Path]:
        found = {self._process.pid}
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if int(entry.name) in found or parent in found:
                    found.add(int(entry.name))
                    yield entry

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def cpu(self) -> float:
        """CPU seconds of service and workers together."""
        ticks = 0
        for entry in self._processes():
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        """The most memory that one of its processes ever had, in bytes."""
        return max(memory.peak_bytes(entry.name) for entry in self._processes())


class _Child:
    """A contestant in a process of its own, that loads and warms up before it is asked."""

    def __init__(self, python: Path, kind: str, options: argparse.Namespace, folder: Path) -> None:
        model = options.model if kind == "bare" else f"{options.model}.openai"
        command = [str(python), __file__, kind, model, str(options.beam), str(folder / "warm.wav")]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def transcribe(self, path: Path) -> dict[str, Any]:
        """Text, CPU seconds, and the peak of memory in bytes."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Ends it."""
        self._process.communicate("")

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a contestant ended without an answer")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _contestant(kind: str, model: str, beam: str, warm: str) -> int:
    """What a child process does: transcribes the files that it is told, one a line."""
    from chassis.models import Manifest, Store

    store = Store(None, Manifest.load(ROOT / "services" / "speech" / "models.toml"))
    folder = store.require(model).directory
    transcribe = (_bare if kind == "bare" else _openai)(folder, int(beam))
    for path in itertools.chain([warm], map(str.strip, sys.stdin)):
        if kind == "openai" and path == warm:
            text = ""  # numba compiles at its first word times
            transcribe(path)
        started = time.process_time()
        text = transcribe(path)
        cpu = time.process_time() - started
        peak = memory.peak_bytes()
        print(json.dumps({"text": text, "cpu": cpu, "peak": peak}), flush=True)
    return 0


def _bare(folder: Path, beam: int) -> Any:
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def transcribe(path: str) -> str:
        segments, _ = model.transcribe(
            path,
            language="en",
            beam_size=beam,
            temperature=[0.0],
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        return " ".join(segment.text for segment in segments)

    return transcribe


def _openai(folder: Path, beam: int) -> Any:
    import numpy as np
    import torch

    from services.speech.engines.openai_whisper.weights import load

    torch.set_num_threads(1)
    model = load(folder / "model.safetensors", "cpu", torch.float32)

    def transcribe(path: str) -> str:
        with wave.open(path) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        found = model.transcribe(
            samples,
            language="en",
            beam_size=beam,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            fp16=False,
        )
        return str(found["text"])

    return transcribe


def _environment() -> dict[str, str]:
    """One thread for every library, and our packages."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **os.environ,
        **threads,
        "OMP_WAIT_POLICY": "passive",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "gen", "wire", "renderers")),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="half a minute of speech and one round")
    parser.add_argument("--model", default="whisper-base", help="a model of faster-whisper with a .openai twin")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=0, help="rounds of the two; 3, or 1 with --quick")
    parser.add_argument("--speech-python", type=Path, default=ROOT / ".venvs/speech/bin/python")
    parser.add_argument("--openai-python", type=Path, default=ROOT / ".venvs/speech-openai-whisper/bin/python")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


if __name__ == "__main__":
    sys.exit(main())
