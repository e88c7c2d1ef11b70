"""What a text states is found, and held against the facts."""

from __future__ import annotations

import pytest

from services.llm_audio.interview.claims import claims
from services.llm_audio.interview.facts import Facts
from tests.services.llm_audio.conftest import SONG

FACTS = Facts({**SONG, "year": 1987, "share": 0.87, "length_check": 225.2, "titles": ["99 balloons", "Two hearts"]})


def stated(text: str) -> list[tuple[str, str, bool]]:
    return [(claim.kind, claim.text, claim.supported) for claim in claims(text, FACTS)]


@pytest.mark.parametrize(
    ("text", "claim", "held"),
    [
        ("at 109.9 BPM", "109.9 BPM", True),
        ("at 110 BPM", "110 BPM", True),
        ("at 109 BPM", "109 BPM", False),
        ("110.0 beats per minute", "110.0 beats per minute", False),
        ("a tempo of 120", "tempo of 120", False),
        ("the tempo is around 110", "tempo is around 110", True),
        ('{"bpm": 109.9}', 'bpm": 109.9', True),
    ],
)
def test_a_tempo_is_held_to_the_decimals_it_is_stated_with(text: str, claim: str, held: bool) -> None:
    assert stated(text) == [("tempo", claim, held)]


def test_a_number_that_is_no_tempo_does_not_hold_a_tempo() -> None:
    (claim,) = claims("10.9 BPM", FACTS)  # 10.88 is the length
    assert not claim.supported


@pytest.mark.parametrize(
    ("text", "claim", "held"),
    [
        ("in F major.", "F major", True),
        ("in the key of F Major", "F Major", True),
        ("in F minor", "F minor", False),
        ("key: E# major", "E# major", True),
        ("in G sharp minor", "G sharp minor", False),
        ("in A minor, softly", "A minor", False),
    ],
)
def test_a_key_is_held_whatever_it_is_called(text: str, claim: str, held: bool) -> None:
    assert stated(text) == [("key", claim, held)]


def test_an_article_before_major_is_no_key() -> None:
    assert stated("A major success, and A minor detail of it") == []


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("-9.3 LUFS", True),
        ("−9.3 LUFS", True),
        ("11 seconds", True),
        ("eleven seconds", True),
        ("twelve seconds", False),
        ("from 1987", True),
        ("the 1980s", False),
        ("87 %", True),
        ("88 %", False),
        ("3:45 long", True),
        ("3:46 long", False),
        ("99 of them", True),
        ("two of them", True),
        ("2,018 people", False),
    ],
)
def test_a_number_is_held_by_a_fact_that_rounds_to_it(text: str, held: bool) -> None:
    assert [claim[2] for claim in stated(text)] == [held]


def test_one_is_a_pronoun_more_often_than_a_count() -> None:
    assert stated("one of the best, the one and only") == []


def test_genres_and_instruments_are_held_by_the_tags() -> None:
    assert stated("rock with guitars, a sax and some jazz") == [
        ("genre", "rock", True),
        ("instrument", "guitars", True),
        ("instrument", "sax", False),
        ("genre", "jazz", False),
    ]


def test_a_claim_names_the_path_of_its_fact() -> None:
    found = claims("F major at 110 BPM", FACTS)
    assert [claim.fact for claim in found] == ["essentia.features.tonal.key_tonic", "essentia.features.rhythm.bpm"]
    assert found[1].value == 110.0


def test_claims_come_in_the_order_of_the_text() -> None:
    assert [claim.kind for claim in claims("12 guitars in F major at 110 BPM", FACTS)] == [
        "number",
        "instrument",
        "key",
        "tempo",
    ]


UNITS = Facts(
    {
        "essentia": {"features": {"loudness": {"integrated_lufs": -9.3, "loudness_range_lu": 6.1}}},
        "cutoff_hz": 440.0,
        "length_seconds": 180.0,
        "true_peak_dbtp": -0.4,
        "takes": 7,
        "remark": "faded over 4 minutes",
    }
)


@pytest.mark.parametrize(
    ("text", "unit", "held"),
    [
        ("-9.3 LUFS", "LUFS", True),
        ("6.1 LU", "LU", True),
        ("6.1 LUFS", "LUFS", False),  # the range, stated as if it were the loudness
        ("-9.3 LU", "LU", False),
        ("-9.3 dB", "dB", True),
        ("-0.4 dBTP", "dBTP", True),
        ("-0.4 dBFS", "dBFS", False),
        ("440 Hz", "Hz", True),
        ("0.44 kHz", "kHz", True),
        ("440 kHz", "kHz", False),
        ("440 ms", "ms", False),
        ("440", "", True),
        ("3 minutes", "min", True),
        ("three minutes", "min", True),
        ("180 minutes", "min", False),
        ("3:00", "s", True),
        ("7 seconds", "s", True),  # nobody says what the takes are counted in
        ("4 minutes", "min", True),
        ("4 seconds", "s", False),
        ("180 %", "%", False),
    ],
)
def test_a_number_is_held_within_its_unit(text: str, unit: str, held: bool) -> None:
    (claim,) = claims(text, UNITS)
    assert (claim.unit, claim.supported) == (unit, held)


def test_a_decade_is_no_number_of_seconds() -> None:
    assert [(claim.text, claim.unit) for claim in claims("the 80s, for 80 s and 12.5s", FACTS)] == [
        ("80s", ""),
        ("80 s", "s"),
        ("12.5s", "s"),
    ]


SAID = Facts(
    {
        "fusion": {
            "tempo": {"bpm": 109.9},
            "key": {"tonic": "F", "scale": "major"},
            "loudness": {"integrated_lufs": -16.8, "loudness_range_lu": 5.2},
            "vocals": {"energy_share": 0.21},
        },
        "essentia": {"features": {"signal": {"duration_seconds": 21.0}}},
        "true_peak_dbtp": -0.4,
        "tuning_frequency_hz": 440.0,
    }
)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a loudness range of 5.2 LU", [True]),
        ("a loudness range of 5.2 dB", [True]),
        ("a loudness range of 21 %", [False]),
        ("a loudness range of -16.8 LUFS", [False]),
        ("the loudness range is about 16.8", [False]),
        ("a 21 % loudness range", [False]),
        ("the dynamic range: 21 percent", [False]),
        ('"loudness_range": 21', [False]),
        ("it varies in loudness by 5.2 LU", [True]),
        ("a loudness of -16.8 LUFS", [True]),
        ("a loudness of 5.2 LU", [False]),
        ("an integrated loudness of 21 seconds", [False]),
        ("a loudness of -16.8 LUFS and a range of 5.2 LU", [True, True]),
        ("a tempo of 21 %", [False]),
        ("a loudness of 109.9 BPM", [False]),
        ("the length is 21 s", [True]),
        ("the length is 21 %", [False]),
        ("a duration of 440 Hz", [False]),
        ("21 % of the energy", [True]),
        ("21 seconds of the energy", [False]),
        ("a true peak of -0.4 dBTP", [True]),
        ("a true peak of -16.8 LUFS", [False]),
        ("a frequency of 440 Hz", [True]),
        ("a frequency of 21 %", [False]),
        ("wide loudness, 21 % of it voice", [True]),
        ("at 109.9 BPM, -16.8 LUFS and 21 seconds", [True, True, True]),
        ("loudness varies by 5.2 LU", [True]),
        ("loudness varies by -16.8 LUFS", [False]),
        ("at -16.8 LUFS, with a range of -16.8 LUFS", [True, False]),
        ("it peaks at -0.4 dBTP", [True]),
        ("it peaks at -16.8 LUFS", [False]),
        ("a volume of 109.9 BPM", [False]),
        ("a pitch of 109.9 BPM", [False]),
        ("the tempo is 440 Hz", [False]),
        ("109.9 beats per second", [False]),
        ("a key of 109.9 BPM", [False]),
        ("the key is 440 Hz", [False]),
        ("the key: 21 s", [False]),
        ("in the key of F major at 109.9 BPM", [True, True]),
        ("a key part of it runs at 109.9 BPM", [True]),
        ("a tempo of F major", [False]),
        ("loudness: F major", [False]),
        ("a moderate tempo in F major", [True]),
        ("a tempo of 109.9 BPM, and F major", [True, True]),
    ],
)
def test_a_number_is_held_against_what_it_is_said_of(text: str, held: list[bool]) -> None:
    assert [claim.supported for claim in claims(text, SAID)] == held


def test_beats_a_second_are_a_tempo_too() -> None:
    (claim,) = claims("two beats per second", Facts({"fusion": {"tempo": {"bpm": 120.0}}}))
    assert (claim.unit, claim.supported) == ("beats/s", True)
