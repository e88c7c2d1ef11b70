"""Words put together from pieces of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from services.speech.whisper.subwords import Piece, joined, one_spaced


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([" ill", "-disposed", " man"], ["ill-disposed", "man"]),
        (["ก", "ำ", "ล", "ั", "ง"], ["กำ", "ลั", "ง"]),
        (["ရ", "ှ", "င"], ["ရှ", "င"]),
        ([" 👨", "\u200d👩", " 🇩", "🇪"], ["👨\u200d👩", "🇩🇪"]),
        ([" e", "\u0301t\u00e9"], ["e\u0301t\u00e9"]),
    ],
)
def test_pieces_of_a_word_and_of_a_character_are_one_word_from_the_first_to_the_last(
    pieces: list[str], words: list[str]
) -> None:
    found = list(joined(Piece(at, at + 1.0, text, 0.5, 1) for at, text in enumerate(pieces)))
    assert [word.text for word in found] == words
    assert (found[0].start, found[-1].end) == (0.0, len(pieces))
    assert all(first.end == second.start for first, second in pairwise(found))


def test_text_on_one_line_keeps_spaces_of_other_kinds() -> None:
    assert one_spaced(" Qui\u202f?  Moi\n\u00a0! ") == "Qui\u202f? Moi \u00a0!"
