"""Measures the tonal group: chroma, key, tuning, chords."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.essentia.contract import USUAL_KEY_PROFILES
from services.essentia.engines.features import (
    bass,
    chord_detail,
    chord_grid,
    chord_hearing,
    chords,
    chroma,
    key,
    key_hearing,
    key_segments,
    pitch_classes,
)
from services.essentia.engines.features.harmony import STATISTICS
from services.essentia.engines.features.pitch_classes import SEMITONES_FROM_A_TO_C
from services.essentia.engines.features.sheet import HarmonicFrames, Sheet
from services.essentia.engines.features.values import entropy_bits
from services.essentia.essentia_library import es

# KeyExtractor's frames are twice as far apart as those of the chords.
KEY_EVERY = 2
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
# Frames that a note lasts, 0.3 s; a click of 30 ms is in three, and where notes that last have less than this share of
# what sounds, nothing has a pitch for long enough.
NOTE_FRAMES, LASTING_FRAMES = 5, 0.2
# Correlation of the pitch classes of two frames that do not overlap: coloured noise has 0 to 0.15, music 0.6 or more.
STEADY, APART = 0.35, 2
# Cents from A at 440 Hz beyond which pitch classes are taken on the recording's own grid.
OUT_OF_TUNE = 25.0
# A heuristic without calibration: chroma counts as atonal the more its crest falls below 2, and the more its entropy
# exceeds this, up to that of twelve equal shares; each makes half. Noise has 0.9, music below 0.3, a cadence 0.
ATONAL_FROM_BITS, ATONAL_BELOW_CREST = 3.3, 2
FLATTEST_BITS = float(np.log2(12))
# Chords of less than 1 % of the time are not counted.
LASTING_SHARE = 0.01
# A lone note: median of YIN's confidence, share of the frames that have its pitch, and how near (half a semitone).
LONE_CONFIDENCE, LONE_FRAMES, SAME_OCTAVES = 0.995, 0.9, 1 / 24


def measure_chroma(sheet: Sheet) -> None:
    """Fills what the harmonic frames say."""
    values, frames = sheet.groups["tonal"], _frames(sheet)
    for name in STATISTICS:
        if name.startswith("tristimulus"):
            series = frames.series[name]
            values.put(f"{name}_mean", float(series.mean()) if series.size else None)
        else:
            values.put_stats(name, frames.series[name])
    if frames.tuning is not None:
        values.put("tuning_hz", frames.tuning[0])
        values.put("tuning_cents", frames.tuning[1])
    mean = np.roll(frames.chroma.mean(0, dtype=np.float64), -SEMITONES_FROM_A_TO_C)
    entropy = entropy_bits(mean)
    if entropy is None:
        return
    crest = float(mean.max() / mean.mean())
    values.put_array("chroma", mean / mean.sum())
    values.put("chroma_entropy_bits", entropy)
    values.put("chroma_crest_ratio", crest)
    values.put("atonality", _atonality(crest, entropy))
    _fill_kinds(sheet, frames)
    entropies = [bits for bits in map(entropy_bits, frames.chroma) if bits is not None]
    values.put("chroma_frame_entropy_bits", float(np.mean(entropies)))
    # A step into silence or out of it is no change of the harmony.
    both = frames.sounding[1:] & frames.sounding[:-1]
    if both.any():
        steps = np.linalg.norm(np.diff(frames.chroma, axis=0)[both], axis=1)
        values.put("harmonic_change_mean", float(steps.mean(dtype=np.float64)))
    if frames.fine_chroma.any():
        deviation, energy, peaks = es.HighResolutionFeatures()(frames.fine_chroma)
        values.put("equal_tempered_deviation", deviation)
        values.put("nontempered_energy_ratio", energy)
        values.put("nontempered_peaks_ratio", peaks)


def measure_key(sheet: Sheet) -> None:
    """Fills the key by the profiles asked for and the chords, unless the chroma is too flat to have one."""
    values, profiles = sheet.groups["tonal"], sheet.request.key_profiles or USUAL_KEY_PROFILES
    if _lone(sheet.harmonic):
        sheet.warn("KEY_UNCLEAR", "one note sounds all the time, and its overtones are no chord", "tonal.key_tonic")
        return
    # Let go here: what is left on the sheet is kept for the whole recording.
    classes, sheet.pitch_classes = sheet.pitch_classes, np.empty((0, 12))
    crest, entropy = values.get("chroma_crest_ratio"), values.get("chroma_entropy_bits")
    if not isinstance(crest, float) or not isinstance(entropy, float):
        sheet.warn("KEY_UNCLEAR", "no pitch was found", "tonal.key_tonic")
        return
    if crest > MAX_CREST:
        message = f"there is hardly more than one note (chroma crest {crest:.2f}; a key needs {MAX_CREST} or less)"
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    if classes.any():
        # The harmonic frames go by A at 440 Hz, and share a tone without overtones out to all that it may be one of:
        # music tuned far from it, and tunes of pure tones, are flat to them, and to these they are not.
        tuned = classes.mean(0)
        peak = float(tuned.max() / tuned.mean())
        if sheet.tuned_cents or peak >= PURE_CREST:
            crest, entropy = peak, entropy_bits(tuned) or 0.0
        elif crest < MIN_CREST or entropy > MAX_ENTROPY_BITS:
            # Several keys together hold all notes.
            part = key_segments.longest(key_segments.blocks_of(classes), profiles)
            crest, entropy = float(part.max() / part.mean()), entropy_bits(part) or 0.0
    if crest < MIN_CREST or entropy > MAX_ENTROPY_BITS:
        message = (
            f"the chroma is too flat for a key (crest {crest:.2f}, entropy {entropy:.2f} bits; "
            f"a key needs {MIN_CREST} or more and {MAX_ENTROPY_BITS} or less)"
        )
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    lasting, notes = _lasting(classes), _notes(classes)
    if lasting < LASTING_FRAMES:
        message = f"hardly a note lasts: {lasting:.0%} of what sounds; a key needs {LASTING_FRAMES:.0%} or more"
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    if (steady := _steady(classes)) < STEADY:
        message = f"what sounds is another pitch from frame to frame (correlation {steady:.2f}; a key needs {STEADY})"
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    if notes < FEWEST_NOTES:
        message = f"there is hardly more than one note ({notes:.1f} by strength; a key needs {FEWEST_NOTES} or more)"
        sheet.warn("KEY_UNCLEAR", message, "tonal.key_tonic")
        return
    heard = key_hearing.hear(sheet) if key.chordal(sheet.chords) else None
    found = key.vote(classes[::KEY_EVERY].mean(0), profiles, sheet.chords, heard)
    key_hearing.fill(values, found, heard)
    sheet.key_blocks = key_segments.blocks_of(classes)


def measure_chords(sheet: Sheet) -> None:
    """Follows the chords, leaves them for the key, and fills what rests on them."""
    values = sheet.groups["tonal"]
    tuning = None if sheet.harmonic is None else sheet.harmonic.tuning
    sheet.tuned_cents = tuning[1] if tuning is not None and abs(tuning[1]) > OUT_OF_TUNE else 0.0
    if _lone(sheet.harmonic):
        sheet.chords = (chords.Chord(0.0, sheet.clip.seconds, chords.NO_CHORD, None, None),)
        values.put("chord_ratio", 0.0)
        sheet.series["chords"] = tuple(chord_detail.message(chord) for chord in sheet.chords)
        return
    sheet.pitch_classes = pitch_classes.walk(sheet.clip.evened(), sheet.checkpoint, sheet.tuned_cents)
    if not sheet.pitch_classes.any():
        return
    # Frames in which nothing has a pitch have no chord, and a network is not asked about them.
    chances = chord_hearing.hear(sheet, len(sheet.pitch_classes))
    followed = chords.follow(sheet.pitch_classes, sheet.clip.seconds, chances)
    low = bass.walk(sheet.clip.evened(), sheet.tuned_cents)
    sheet.chords = chord_detail.look(followed, sheet.pitch_classes, low)
    sounding = [chord for chord in sheet.chords if chord.name != chords.NO_CHORD]
    seconds = np.array([chord.end_seconds - chord.start_seconds for chord in sounding])
    values.put("chord_ratio", float(seconds.sum()) / sheet.clip.seconds)
    # Counted are chords as they sound, told on the grid: numbers must not depend on whether beats were asked for.
    sheet.series["chords"] = tuple(
        chord_detail.message(chord) for chord in chord_grid.on_beats(sheet.chords, sheet.beats)
    )
    if not sounding:
        return
    values["chord_source"] = "templates" if chances is None else "network"
    # Shares of the time, and not of the chords: a passing chord counts for as long as it lasts.
    changes, count = chords.changes(sheet.chords), len(sheet.pitch_classes)
    shares: dict[str, float] = {}
    for chord, length in zip(sounding, seconds, strict=True):
        shares[chord.name] = shares.get(chord.name, 0.0) + float(length / seconds.sum())
    ordered = sorted(shares.items(), key=lambda each: -each[1])
    values["chord_shares"] = tuple({"name": name, "share": share} for name, share in ordered)
    values["chord_change_count"] = changes
    values.put("chords_change_rate", changes / count)
    values.put("chords_number_rate", sum(share > LASTING_SHARE for share in shares.values()) / count)
    values.put("chords_entropy_bits", entropy_bits(list(shares.values())))
    for name, of in (("seventh", chord_detail.seventh), ("inverted", chord_detail.inverted)):
        values.put(f"chords_{name}_ratio", float(seconds[[of(chord) for chord in sounding]].sum() / seconds.sum()))
    values.put("chords_minor_ratio", sum(share for name, share in shares.items() if name.endswith("m")))
    strengths = np.array([chord.strength for chord in sounding], np.float64)
    values.put("chords_strength_mean", float((strengths * seconds).sum() / seconds.sum()))
    values.put("chord_seconds_mean", float(seconds.mean()))
    values.put("progression_complexity", chords.progression_complexity(sheet.chords))
    if len(sheet.beats):
        values.put("chord_changes_per_beat", changes / len(sheet.beats))


def _lone(frames: HarmonicFrames | None) -> bool:
    """Whether one note is all that sounds: whose period repeats itself almost exactly, and is always the same.

    The overtones of a low one are a major chord; but those of a chord's notes in equal temperament do not meet, so that
    what they have in common repeats itself less exactly (0.992 and less; one note has 0.999).
    """
    if frames is None or not frames.pitch_hz.any():
        return False
    pitches = frames.pitch_hz[frames.pitch_hz > 0]
    same = np.abs(np.log2(pitches / np.median(pitches))) < SAME_OCTAVES
    return float(np.median(frames.pitch_confidence)) >= LONE_CONFIDENCE and float(same.mean()) >= LONE_FRAMES


def _fill_kinds(sheet: Sheet, frames: HarmonicFrames) -> None:
    cents = frames.tuning[1] if frames.tuning is not None else 0.0
    kinds = chroma.chromagrams(sheet.clip.evened(), cents)
    kinds["hpcp"] = np.roll(frames.chroma, -SEMITONES_FROM_A_TO_C, axis=1)
    summaries = [(kind, chroma.summarize(each)) for kind, each in kinds.items()]
    sheet.groups["tonal"]["chroma_kinds"] = tuple({"kind": kind, **summary} for kind, summary in summaries if summary)


def _atonality(crest: float, entropy: float) -> float:
    flat = (entropy - ATONAL_FROM_BITS) / (FLATTEST_BITS - ATONAL_FROM_BITS)
    return 0.5 * min(1.0, max(0.0, ATONAL_BELOW_CREST - crest)) + 0.5 * min(1.0, max(0.0, flat))


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


def _frames(sheet: Sheet) -> HarmonicFrames:
    if sheet.harmonic is None:
        raise ValueError("the harmonic frames must be walked through first")
    return sheet.harmonic
