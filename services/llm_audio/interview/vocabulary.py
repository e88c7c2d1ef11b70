"""Words by which a text names genres, instruments, moods and voices."""

from __future__ import annotations

import re

GENRES = frozenset(
    [
        "ambient",
        "bluegrass",
        "blues",
        "bossa",
        "choral",
        "classical",
        "country",
        "dance",
        "disco",
        "drum-and-bass",
        "dub",
        "dubstep",
        "electro",
        "electronic",
        "electronica",
        "flamenco",
        "folk",
        "funk",
        "garage",
        "gospel",
        "grime",
        "grunge",
        "hip-hop",
        "house",
        "indie",
        "industrial",
        "jazz",
        "latin",
        "metal",
        "opera",
        "orchestral",
        "pop",
        "punk",
        "r&b",
        "rap",
        "reggae",
        "rock",
        "salsa",
        "samba",
        "shoegaze",
        "ska",
        "soul",
        "swing",
        "synthpop",
        "techno",
        "trance",
        "trap",
        "waltz",
    ]
)
INSTRUMENTS = frozenset(
    [
        "accordion",
        "banjo",
        "bass",
        "bells",
        "cello",
        "clarinet",
        "cymbals",
        "drum",
        "fiddle",
        "flute",
        "guitar",
        "harmonica",
        "harp",
        "harpsichord",
        "horn",
        "keyboard",
        "mandolin",
        "marimba",
        "oboe",
        "organ",
        "percussion",
        "piano",
        "saxophone",
        "sitar",
        "strings",
        "synthesizer",
        "trombone",
        "trumpet",
        "tuba",
        "ukulele",
        "viola",
        "violin",
        "vibraphone",
    ]
)
MOODS = frozenset(
    [
        "beautiful",
        "calm",
        "catchy",
        "chill",
        "chillout",
        "dark",
        "easy",
        "fast",
        "happy",
        "loud",
        "mellow",
        "party",
        "quiet",
        "sad",
        "sexy",
        "slow",
        "soft",
    ]
)
VOICES = frozenset(
    [
        "singer",
        "singing",
        "vocal",
        "vocalist",
        "vocalists",
        "vocals",
        "voice",
        "choir",
        "male",
        "female",
        "man",
        "woman",
        "instrumental",
    ]
)
"""``instrumental`` says that there is none."""
NO_STYLES = frozenset(["beat", "beats", "classic", "solo", "weird", "oldies"])
"""Labels of taggers that name no style of music."""

_ALIASES = {
    "sax": "saxophone",
    "synth": "synthesizer",
    "hip hop": "hip-hop",
    "hiphop": "hip-hop",
    "drum and bass": "drum-and-bass",
}
_WORDS = sorted({*GENRES, *INSTRUMENTS, *_ALIASES}, key=lambda word: (-len(word), word))
_NAMED = re.compile(rf"(?<![\w-])(?P<word>{'|'.join(map(re.escape, _WORDS))})(?:e?s)?(?![\w-])", re.IGNORECASE)


def named(text: str) -> list[tuple[int, int, str, str]]:
    """Finds the genres and instruments that a text names: (start, end, ``genre`` or ``instrument``, the word)."""
    found = []
    for match in _NAMED.finditer(text):
        word = match["word"].lower()
        word = _ALIASES.get(word, word)
        found.append((match.start(), match.end(), "genre" if word in GENRES else "instrument", word))
    return found
