"""What the tables of harmony are made of is what their notes say it is, and the held-out songs are others."""

from __future__ import annotations

import pytest

from bench.accuracy import harmony_songs
from bench.accuracy.harmony_songs import Plan, parse, plans, write


def test_a_chord_is_written_in_its_key() -> None:
    found = parse("7:7/4", 2, 0.0, 2.0)
    # The dominant seventh of D is A, over C#.
    assert (found.harte, found.root, found.bass, found.intervals) == ("A:7/3", 9, 1, (0, 4, 7, 10))


def test_a_song_plays_the_chords_and_the_bass_that_it_tells() -> None:
    song = write(Plan(0, "ionian", "ABAB", 4, 120.0, seed=4))
    for chord in song.chords:
        now = [note for note in song.notes if chord.start <= note.start < chord.end]
        assert {note.midi % 12 for note in now if note.part == "bass"} == {chord.bass}
        assert {(chord.root + step) % 12 for step in chord.intervals} == {
            note.midi % 12 for note in now if note.part == "strings"
        }


def test_sections_of_a_letter_sound_the_same_and_others_do_not() -> None:
    song = write(Plan(5, "aeolian", "ABAC", 8, 100.0, seed=1))
    played = [
        [(round(note.start - start, 6), note.midi, note.part) for note in song.notes if start <= note.start < end]
        for start, end, _ in song.sections
    ]
    assert played[0] == played[2]
    assert played[0] != played[1] != played[3] != played[0]


def test_a_change_of_key_moves_all_that_follows() -> None:
    song = write(Plan(0, "ionian", "ABAB", 8, 120.0, keys=((2, 2, "ionian"),)))
    assert song.keys == ((0.0, 32.0, "C", "ionian"), (32.0, 64.0, "D", "ionian"))
    assert [(one.root + 2) % 12 for one in song.chords[:16]] == [other.root for other in song.chords[16:]]


@pytest.mark.parametrize("kind", ["songs", "modes", "changes", "forms"])
def test_songs_that_are_held_out_share_no_progression_form_or_tempo_with_the_others(kind: str) -> None:
    known, held = ([write(plan) for plan in plans(kind, 6, held_out)] for held_out in (False, True))
    assert not {song.plan.bpm for song in known} & {song.plan.bpm for song in held}
    if kind == "forms":
        assert not {song.plan.form for song in known} & {song.plan.form for song in held}
    for mode, every in harmony_songs.PROGRESSIONS.items():
        assert not set(every) & set(harmony_songs.HELD_OUT_PROGRESSIONS[mode])
