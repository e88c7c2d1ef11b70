"""Makes a song sound with fluidsynth and a General MIDI sound font, where both are installed."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.songs import Note, Song
from bench.accuracy.synthesis import SAMPLE_RATE

FONTS = tuple(Path("/usr/share/sounds/sf2") / name for name in ("FluidR3_GM.sf2", "TimGM6mb.sf2"))
TICKS_A_SECOND = 960
# General MIDI programs and channels; channel 9 is the drums.
CHANNELS = {"piano": (0, 0), "bass": (1, 33), "strings": (2, 48), "flute": (3, 73)}
DRUMS = {"kick": 36, "snare": 38, "hat": 42}


def font() -> Path | None:
    """The sound font to use; None where there is none, or no fluidsynth."""
    if shutil.which("fluidsynth") is None:
        return None
    return next((path for path in FONTS if path.exists()), None)


def render(song: Song, sound_font: Path) -> NDArray[np.float32]:
    """Mono samples at 44.1 kHz."""
    return play(song.notes, sound_font)


def play(notes: Sequence[Note], sound_font: Path, programs: Mapping[str, int] | None = None) -> NDArray[np.float32]:
    """Mono samples at 44.1 kHz of notes; ``programs`` gives parts another General MIDI program than their usual one."""
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder) / "song.mid", Path(folder) / "song.raw"
        midi.write_bytes(_midi(notes, programs or {}))
        command = ["fluidsynth", "-ni", "-g", "0.6", "-r", str(SAMPLE_RATE), "-T", "raw", "-O", "s16"]
        subprocess.run(
            [*command, "-F", str(raw), str(sound_font), str(midi)], check=True, capture_output=True, timeout=120
        )
        stereo = np.frombuffer(raw.read_bytes(), "<i2").reshape(-1, 2)
    return (stereo.astype(np.float32).mean(1) / 32768).astype(np.float32)


def _midi(notes: Sequence[Note], programs: Mapping[str, int]) -> bytes:
    events: list[tuple[int, int, bytes]] = [
        (0, 0, bytes((0xC0 | channel, programs.get(part, usual)))) for part, (channel, usual) in CHANNELS.items()
    ]
    for note in notes:
        channel, number = (9, DRUMS[note.part]) if note.midi == 0 else (CHANNELS[note.part][0], note.midi)
        start, end = (round(when * TICKS_A_SECOND) for when in (note.start, note.start + note.seconds))
        # Notes end before others begin at the same tick.
        events += [
            (start, 2, bytes((0x90 | channel, number, note.velocity))),
            (end, 1, bytes((0x80 | channel, number, 0))),
        ]
    track, now = b"", 0
    for when, _, message in sorted(events):
        track += _variable(when - now) + message
        now = when
    # The tempo of the file is 60, so a quarter note is a second and the division is ticks a second.
    track = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big") + track + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_A_SECOND) + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(0x80 | number & 0x7F)
    return bytes(reversed(parts))
