"""Long recordings through the service: when the first segment comes, and memory by length.

    .venvs/cli/bin/python -m bench.speech_long [--minutes 60]

Read English is repeated to the length wanted. First whisper-base with the defaults: the time from the call, upload
included, to the first segment, after which the caller leaves. Then memory, with whisper-tiny.en, beam 1 and no word
times so that an hour is read in minutes: ten minutes in a fresh service, and the whole length in another.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import wave
from pathlib import Path

from bench import read_english
from bench.speech import ROOT, SET_SECONDS, Service

# The client's packages, where the bench is started without a path to them.
sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")]

from antiphon.speech.v1 import speech_service_pb2 as pb  # noqa: E402
from antiphon_client import SyncClient  # noqa: E402

FIRST_LIMIT_SECONDS = 10.0
MEMORY_LIMIT = 1.1
"""What the whole length may need, as a multiple of what ten minutes do."""
PYTHON = ROOT / ".venvs" / "speech" / "bin" / "python"


def main() -> int:
    """Entry point; 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        piece, long, short = folder / "piece.wav", folder / "long.wav", folder / "short.wav"
        read_english.write(piece, SET_SECONDS)
        _repeat(piece, long, options.minutes * 60)
        _repeat(piece, short, 600.0)
        first = _first_segment(long, folder)
        figures = {path: _memory(path, folder) for path in (short, long)}
    grown = figures[long] / figures[short]
    kept = [first <= FIRST_LIMIT_SECONDS, grown <= MEMORY_LIMIT]
    print(f"{'kept' if kept[0] else 'MISSED':7} first segment within {FIRST_LIMIT_SECONDS:g} s: {first:.1f} s")
    print(f"{'kept' if kept[1] else 'MISSED':7} memory flat in the length: {grown:.2f} times")
    return 0 if all(kept) else 1


def _first_segment(path: Path, folder: Path) -> float:
    with Service("whisper-base", 5, PYTHON, folder) as service, SyncClient(service.target) as client:
        read_english.write(folder / "warm.wav", 0, lines=1)
        service.transcribe(folder / "warm.wav")  # the model is loaded
        started = time.monotonic()
        events = client.transcribe(path, pb.TranscriptionConfig())
        for event in events:
            if isinstance(event, pb.Segment):
                break
        seconds = time.monotonic() - started
        events.close()
        print(f"whisper-base: first segment after {seconds:.1f} s")
    return seconds


def _memory(path: Path, folder: Path) -> int:
    config = pb.TranscriptionConfig(language_code="en", beam_size=1, word_times=False)
    with Service("whisper-tiny.en", 1, PYTHON, folder) as service, SyncClient(service.target) as client:
        started, before = time.monotonic(), service.cpu()
        count = sum(isinstance(event, pb.Segment) for event in client.transcribe(path, config))
        cpu, peak = service.cpu() - before, service.peak()
        print(
            f"whisper-tiny.en, {_seconds(path) / 60:.0f} min: {count} segments, {time.monotonic() - started:.0f} s, "
            f"{cpu:.0f} CPU s, {peak / 2**20:.0f} MB at most"
        )
    return peak


def _repeat(piece: Path, path: Path, seconds: float) -> None:
    with wave.open(str(piece)) as source, wave.open(str(path), "wb") as file:
        file.setparams(source.getparams())
        frames = source.readframes(source.getnframes())
        left = round(seconds * source.getframerate()) * source.getsampwidth()
        while left > 0:
            file.writeframes(frames[:left])
            left -= len(frames)


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


if __name__ == "__main__":
    sys.exit(main())
