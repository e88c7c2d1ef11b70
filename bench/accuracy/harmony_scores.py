"""How right answers about keys, chords and sections are: MIREX's weights for keys, mir_eval's measures for the rest."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence

import numpy as np

from bench.accuracy import scores
from bench.accuracy.harmony_answers import Answer, Span
from bench.accuracy.harmony_songs import HarmonySong, scale_of

CHORD_MEASURES = ("majmin", "sevenths", "majmin_inv")
BORDER_SECONDS = 3.0


def score(answer: Answer, song: HarmonySong) -> Mapping[str, float]:
    """Gives by name what is known of an answer's rightness, each 0 to 1; what a source does not speak of is not there.

    The key of a song that changes is that of its longest stretch, and where two are as long, nobody is asked.
    """
    found: dict[str, float] = {}
    start, end, tonic, mode = max(song.keys, key=lambda each: each[1] - each[0])
    others = [each[1] - each[0] for each in song.keys if each[0] != start]
    if answer.key is not None and all(end - start > 1.01 * other for other in others):
        exact, weighted = scores.key(answer.key if answer.key[0] else None, (tonic, scale_of(mode)))
        found |= {"key: exact": exact, "key: weighted": weighted}
    if answer.mode is not None and len(song.keys) == 1:
        found["mode: exact"] = float(answer.key == (tonic, scale_of(mode)) and answer.mode == mode)
    if answer.keys is not None and len(song.keys) > 1:
        found["keys that change: share of the time"] = _share(answer.keys, song)
    if importlib.util.find_spec("mir_eval") is not None:
        if answer.chords is not None:
            found |= _chords(answer.chords, song)
        if answer.sections is not None and song.plan.section_bars >= 8:
            found |= _sections(answer.sections, song)
    return found


def _share(keys: Sequence[Span], song: HarmonySong) -> float:
    times = np.arange(0.5, song.seconds, 1.0)
    said = [next((name for start, end, name in keys if start <= time < end), "") for time in times]
    true = [
        next(f"{tonic} {scale_of(mode)}" for start, end, tonic, mode in song.keys if start <= time < end)
        for time in times
    ]
    return float(np.mean([one == other for one, other in zip(said, true, strict=True)]))


def _chords(chords: Sequence[Span], song: HarmonySong) -> dict[str, float]:
    import mir_eval  # type: ignore[import-not-found]

    reference = np.array([(each.start, each.end) for each in song.chords])
    names = [each.harte for each in song.chords]
    intervals, labels = mir_eval.util.adjust_intervals(
        np.array([each[:2] for each in chords]), [each[2] for each in chords], 0.0, reference.max(), "N", "N"
    )
    merged, one, other = mir_eval.util.merge_labeled_intervals(reference, names, intervals, labels)
    seconds = mir_eval.util.intervals_to_durations(merged)
    return {
        f"chords: {name}": float(mir_eval.chord.weighted_accuracy(getattr(mir_eval.chord, name)(one, other), seconds))
        for name in CHORD_MEASURES
    }


def _sections(sections: Sequence[Span], song: HarmonySong) -> dict[str, float]:
    import mir_eval

    reference = np.array([each[:2] for each in song.sections])
    letters = [each[2] for each in song.sections]
    inner = [(max(0.0, start), min(end, song.seconds), label) for start, end, label in sections if start < song.seconds]
    if not inner:
        return {"sections: borders within 3 s, F": 0.0}
    intervals, labels = mir_eval.util.adjust_intervals(
        np.array([each[:2] for each in inner]), [each[2] for each in inner], 0.0, reference.max()
    )
    borders = mir_eval.segment.detection(reference, intervals, window=BORDER_SECONDS, trim=True)[2]
    found = {"sections: borders within 3 s, F": float(borders)}
    if labels and not labels[0].isdigit():
        found["sections: pairs of frames, F"] = float(
            mir_eval.segment.pairwise(reference, letters, intervals, labels)[2]
        )
    return found
