"""Says why something has no key: noise, clicks, speech, tones, a single note, all notes alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import key_segments
from services.essentia.engines.features.key_profiles import Judges
from services.essentia.engines.features.sheet import HarmonicFrames, Sheet
from services.essentia.engines.features.values import entropy_bits

# White noise and a random twelve-tone melody have a crest of 1.1 to 1.2 and 3.58 bits, a click 1.5 and 3.56, music from
# 1.84 up and at most 3.42 bits; both limits stand halfway between.
MIN_CREST, MAX_ENTROPY_BITS = 1.5, 3.5
# A single note has a crest of 4.4 or more, a bare fifth 3.9, a triad up to 3.8, music up to 2.8: one note has no key.
MAX_CREST = 4.2
# Of the pitch classes that key and chords go by: forty random notes have up to 1.6, a tune of pure tones 2.6.
PURE_CREST = 2.0
# Of the pitch classes that key and chords go by: a note with its overtones has up to 1.7, a tune of three notes 2 or
# more.
FEWEST_NOTES = 1.8
# Pitch classes of a single voice, each of this share of its notes or more: two in turns, as of a siren, have no key.
FEWEST_OF_A_VOICE, LEAST_OF_A_VOICE = 3, 0.03
# Bits of its notes: tunes have 2.8 and less, notes by chance 3.1 and more, a chromatic scale 3.58.
MAX_BITS_OF_A_VOICE = 3.0
# Frames that a note lasts, 0.3 s; a click of 30 ms is in three, and where notes that last have less than this share of
# what sounds, nothing has a pitch for long enough.
NOTE_FRAMES, LASTING_FRAMES = 5, 0.2
# Correlation of the pitch classes of two frames that do not overlap: coloured noise has 0 to 0.15, music 0.6 or more.
STEADY, APART = 0.35, 2
# A lone note: median of YIN's confidence, share of the frames that have its pitch, and how near (half a semitone).
LONE_CONFIDENCE, LONE_FRAMES, SAME_OCTAVES = 0.995, 0.9, 1 / 24


def unclear(sheet: Sheet, classes: NDArray[np.float64], judges: Judges) -> str | None:
    """Why what sounds, with pitch classes (frames, 12), has no key; None where it has."""
    values = sheet.groups["tonal"]
    crest, entropy = values.get("chroma_crest_ratio"), values.get("chroma_entropy_bits")
    if not isinstance(crest, float) or not isinstance(entropy, float):
        return "no pitch was found"
    if crest > MAX_CREST:
        return f"there is hardly more than one note (chroma crest {crest:.2f}; a key needs {MAX_CREST} or less)"
    if classes.any():
        # The harmonic frames go by A at 440 Hz, and share a tone without overtones out to all that it may be one of:
        # music tuned far from it, and tunes of pure tones, are flat to them, and to these they are not.
        tuned = classes.mean(0)
        peak = float(tuned.max() / tuned.mean())
        if sheet.tuned_cents or peak >= PURE_CREST:
            crest, entropy = peak, entropy_bits(tuned) or 0.0
        elif crest < MIN_CREST or entropy > MAX_ENTROPY_BITS:
            # Several keys together hold all notes.
            part = key_segments.longest(key_segments.blocks_of(classes), judges)
            crest, entropy = float(part.max() / part.mean()), entropy_bits(part) or 0.0
    if crest < MIN_CREST or entropy > MAX_ENTROPY_BITS:
        return (
            f"the chroma is too flat for a key (crest {crest:.2f}, entropy {entropy:.2f} bits; "
            f"a key needs {MIN_CREST} or more and {MAX_ENTROPY_BITS} or less)"
        )
    if (lasting := _lasting(classes)) < LASTING_FRAMES:
        return f"hardly a note lasts: {lasting:.0%} of what sounds; a key needs {LASTING_FRAMES:.0%} or more"
    if (steady := _steady(classes)) < STEADY:
        return f"what sounds is another pitch from frame to frame (correlation {steady:.2f}; a key needs {STEADY})"
    if (notes := _notes(classes)) < FEWEST_NOTES:
        return f"there is hardly more than one note ({notes:.1f} by strength; a key needs {FEWEST_NOTES} or more)"
    return None


def unclear_voice(notes: NDArray[np.float64]) -> str | None:
    """Why the notes of a single voice (frames, 12) have no key; None where they have."""
    shares = notes.sum(0) / notes.sum()
    count, bits = int((shares >= LEAST_OF_A_VOICE).sum()), entropy_bits(shares) or 0.0
    if count < FEWEST_OF_A_VOICE:
        return f"there is one voice, of {count} notes; a key needs {FEWEST_OF_A_VOICE} or more"
    if bits > MAX_BITS_OF_A_VOICE:
        return f"one voice sings all notes alike ({bits:.2f} bits; a key needs {MAX_BITS_OF_A_VOICE} or less)"
    return None


def lone(frames: HarmonicFrames | None) -> bool:
    """Whether one note is all that sounds: whose period repeats itself almost exactly, and is always the same.

    The overtones of a low one are a major chord; but those of a chord's notes in equal temperament do not meet, so that
    what they have in common repeats itself less exactly (0.992 and less; one note has 0.999).
    """
    if frames is None or not frames.pitch_hz.any():
        return False
    pitches = frames.pitch_hz[frames.pitch_hz > 0]
    same = np.abs(np.log2(pitches / np.median(pitches))) < SAME_OCTAVES
    return float(np.median(frames.pitch_confidence)) >= LONE_CONFIDENCE and float(same.mean()) >= LONE_FRAMES


def _notes(classes: NDArray[np.float64]) -> float:
    """Pitch classes that sound, each counted by its strength against the strongest: 1 for a note without overtones."""
    mean = classes.mean(0) if len(classes) else np.zeros(12)
    return float(mean.sum() / mean.max()) if mean.any() else 0.0


def _steady(classes: NDArray[np.float64]) -> float:
    """Mean correlation of the pitch classes of frames APART; 0 where there are none."""
    sounding = np.asarray(classes.any(1))
    both = sounding[APART:] & sounding[:-APART]
    centred = classes - classes.mean(1, keepdims=True)
    one, other = centred[APART:][both], centred[:-APART][both]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / np.maximum(lengths, np.finfo(np.float64).tiny)).mean()) if both.any() else 0.0


def _lasting(classes: NDArray[np.float64]) -> float:
    """Share of the frames with a pitch that are in runs of NOTE_FRAMES or more; 0 where there are none."""
    sounding = np.concatenate(([False], classes.any(1), [False]))
    edges = np.flatnonzero(sounding[1:] != sounding[:-1])
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= NOTE_FRAMES].sum() / runs.sum()) if len(runs) else 0.0
