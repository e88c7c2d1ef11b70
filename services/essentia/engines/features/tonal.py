"""Measures the tonal group: chroma, key, tuning, chords."""

from __future__ import annotations

import numpy as np

from services.essentia.engines.features import (
    bass,
    chord_detail,
    chord_grid,
    chord_hearing,
    chords,
    chroma,
    key,
    key_clarity,
    key_hearing,
    key_profiles,
    key_segments,
    pitch_classes,
    voice,
)
from services.essentia.engines.features.harmony import STATISTICS
from services.essentia.engines.features.pitch_classes import SEMITONES_FROM_A_TO_C
from services.essentia.engines.features.sheet import HarmonicFrames, Sheet
from services.essentia.engines.features.values import entropy_bits
from services.essentia.essentia_library import es

# KeyExtractor's frames are twice as far apart as those of the chords.
KEY_EVERY = 2
# Cents from A at 440 Hz beyond which pitch classes are taken on the recording's own grid.
OUT_OF_TUNE = 25.0
# A heuristic without calibration: chroma counts as atonal the more its crest falls below 2, and the more its entropy
# exceeds this, up to that of twelve equal shares; each makes half. Noise has 0.9, music below 0.3, a cadence 0.
ATONAL_FROM_BITS, ATONAL_BELOW_CREST = 3.3, 2
FLATTEST_BITS = float(np.log2(12))
# Chords of less than 1 % of the time are not counted.
LASTING_SHARE = 0.01


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
    """Fills the key, by pitch classes and chords or by the notes of a single voice; or says why there is none."""
    # Let go here: what is left on the sheet is kept for the whole recording.
    classes, sheet.pitch_classes = sheet.pitch_classes, np.empty((0, 12))
    chordal = key.chordal(sheet.chords)
    notes = None if chordal else voice.notes(sheet.harmonic)
    sheet.single_voice = notes is not None
    judges = key_profiles.chosen(sheet.request.key_profiles, sheet.single_voice)
    if key_clarity.lone(sheet.harmonic):
        unclear: str | None = "one note sounds all the time, and its overtones are no chord"
    elif notes is not None:
        classes, unclear = notes, key_clarity.unclear_voice(notes)
    else:
        unclear = key_clarity.unclear(sheet, classes, judges)
    if unclear is not None:
        sheet.warn("KEY_UNCLEAR", unclear, "tonal.key_tonic")
        return
    heard = key_hearing.hear(sheet) if chordal else None
    # Of the overlapping frames every second one is KeyExtractor's; of a voice all are counted.
    counted = classes if sheet.single_voice else classes[::KEY_EVERY]
    found = key.vote(counted.mean(0), judges, sheet.chords, heard)
    key_hearing.fill(sheet.groups["tonal"], found, heard)
    sheet.key_blocks = key_segments.blocks_of(classes)


def measure_chords(sheet: Sheet) -> None:
    """Follows the chords, leaves them for the key, and fills what rests on them."""
    values = sheet.groups["tonal"]
    tuning = None if sheet.harmonic is None else sheet.harmonic.tuning
    sheet.tuned_cents = tuning[1] if tuning is not None and abs(tuning[1]) > OUT_OF_TUNE else 0.0
    if key_clarity.lone(sheet.harmonic):
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


def _fill_kinds(sheet: Sheet, frames: HarmonicFrames) -> None:
    cents = frames.tuning[1] if frames.tuning is not None else 0.0
    kinds = chroma.chromagrams(sheet.clip.evened(), cents)
    kinds["hpcp"] = np.roll(frames.chroma, -SEMITONES_FROM_A_TO_C, axis=1)
    summaries = [(kind, chroma.summarize(each)) for kind, each in kinds.items()]
    sheet.groups["tonal"]["chroma_kinds"] = tuple({"kind": kind, **summary} for kind, summary in summaries if summary)


def _atonality(crest: float, entropy: float) -> float:
    flat = (entropy - ATONAL_FROM_BITS) / (FLATTEST_BITS - ATONAL_FROM_BITS)
    return 0.5 * min(1.0, max(0.0, ATONAL_BELOW_CREST - crest)) + 0.5 * min(1.0, max(0.0, flat))


def _frames(sheet: Sheet) -> HarmonicFrames:
    if sheet.harmonic is None:
        raise ValueError("the harmonic frames must be walked through first")
    return sheet.harmonic
