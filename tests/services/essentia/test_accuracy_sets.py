"""What the accuracy tables are made of is what their notes say it is."""

from __future__ import annotations

from bench.accuracy import songs

RELATIVE = {"major": ("minor", 9), "minor": ("major", 3)}


def test_the_control_is_the_loop_of_the_relative_key_chord_for_chord() -> None:
    # So no rule on chords can be right about both sets: the same music is asked for under two names.
    for scale, (other, above) in RELATIVE.items():
        loop, control = (songs.PROGRESSIONS["loop", each] for each in (other, scale))
        begun = (*control[2:], *control[:2])
        assert tuple(((root - above) % 12, minor) for root, minor in begun) == loop


def test_a_song_plays_its_chords_in_its_key() -> None:
    song = songs.write("D", "minor", 120, "loop", "floor", seed=0, first_chord=2)
    bass = [note.midi % 12 for note in song.notes if note.part == "bass"]
    # F, C, D and Bb: the third, seventh, first and sixth degree of D minor, two strokes a bar.
    assert bass[:8] == [5, 5, 0, 0, 2, 2, 10, 10]
