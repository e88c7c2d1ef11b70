"""Prose by rule: what known facts say, and what holds for all facts there can be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.llm_audio.contract import PROMPT_NAMES
from services.llm_audio.interview.claims import claims
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.vocabulary import GENRES, INSTRUMENTS, MOODS, VOICES
from services.llm_audio.prose.writing import PLANS, write
from tests.services.llm_audio.conftest import SONG


def prose(document: Mapping[str, Any], prompt: str = "full") -> str:
    """The text that some facts give."""
    return " ".join(write(prompt, Facts(document).shown).sentences)


def tagged(*tags: tuple[str, float], model: str = "musicnn-mtt") -> dict[str, Any]:
    """An analysis that has these tags and nothing else."""
    rows = [{"name": name, "score": score} for name, score in tags]
    return {"essentia": {"tag_sets": [{"model": {"name": model}, "tags": rows}]}}


def measured(**groups: Mapping[str, Any]) -> dict[str, Any]:
    """An analysis that has these features and nothing else."""
    return {"essentia": {"features": groups}}


# Known facts, and their prose to the letter.

CHORDS = [{"name": "Dm", "share": 0.5}, {"name": "G", "share": 0.3}, {"name": "Am", "share": 0.12}, {"name": "C"}]


def tempos(*named: float) -> dict[str, object]:
    """A tempo that changes every 90 seconds."""
    rows = [{"start_seconds": 90.0 * index, "bpm": float(bpm)} for index, bpm in enumerate(named)]
    return {"bpm": float(named[0]), "tempo_segments": rows}


def keys(*names: str) -> dict[str, Any]:
    """A first key, and stretches of a minute and a half in these keys one after the other."""
    tonic, scale = names[0].split()
    rows = [
        {"start_seconds": 90.0 * place, "end_seconds": 90.0 * (place + 1), "tonic": tonic, "scale": scale}
        for place, (tonic, scale) in enumerate(name.split() for name in names)
    ]
    return {"key_tonic": tonic, "key_scale": scale, "key_segments": rows}


FUSED = {
    "tempo": {"bpm": 86.3, "agreement": 0.25, "disputed": True},
    "key": {"tonic": "C#", "scale": "minor", "agreement": 0.5, "disputed": True},
    "loudness": {"integrated_lufs": -25.14, "loudness_range_lu": 14.82},
    "vocals": {"energy_share": 0.087},
}


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (
            "full",
            "The recording is rock in style, and has guitar and a woman's voice. It runs at 110 BPM, is in F major, "
            'lasts 11 seconds and is loud at -9.3 LUFS. Its words are in English and begin "Time stands still".',
        ),
        ("technical", "The recording runs at 110 BPM, is in F major and lasts 11 seconds. It is loud at -9.3 LUFS."),
        ("genre_mood", "The recording is rock in style."),
        ("instrumentation", "The recording has guitar and a woman's voice."),
        ("structure", "The recording lasts 11 seconds and runs at 110 BPM."),
        (
            "analyze",
            "The recording has guitar and a woman's voice, and is rock in style. It runs at 110 BPM, is in F major, "
            'lasts 11 seconds and is loud at -9.3 LUFS. Its words are in English and begin "Time stands still".',
        ),
    ],
)
def test_a_song_is_told_by_what_each_question_asks_for(prompt: str, text: str) -> None:
    assert prose(SONG, prompt) == text


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (measured(signal={"duration_seconds": 10.0}), "The recording lasts 10 seconds."),  # silence
        (
            measured(signal={"duration_seconds": 1.0}, loudness={"integrated_lufs": -23.0}),
            "The recording lasts 1 second and is quiet at -23.0 LUFS.",
        ),
        (
            {"speech": {"segments": [{"text": " Ladies and gentlemen,"}], "summary": {"language_code": "en"}}},
            'The words are in English and begin "Ladies and gentlemen".',
        ),
        ({"speech": {"segments": [{"text": "la la"}]}}, 'The words begin "la la".'),
        (measured(rhythm={"bpm": 0.0}), ""),  # what a beat tracker gives where there is no beat
        (measured(signal={"duration_seconds": 225.2}), "The recording lasts 3:45 minutes."),
        (measured(signal={"duration_seconds": 5400.0}), "The recording lasts 90 minutes."),
        (
            measured(loudness={"integrated_lufs": -0.04}),
            "The recording is loud at 0.0 LUFS.",
        ),
        (
            {"fusion": FUSED},
            "The recording perhaps runs at 86 BPM, is perhaps in C# minor and is quiet at -25.1 LUFS.",
        ),
        (
            {"title": "Blue", "tempo": 100, "moods": ["calm", "dark"], "live": False},
            "The recording sounds calm and dark. It runs at 100 BPM. "
            'The facts also give title as "Blue" and live as "no".',
        ),
        ({"take": 3}, "The facts give take as 3."),
        (
            measured(
                rhythm={"bpm": 97.0},
                tonal={"key_tonic": "D", "key_scale": "minor", "key_mode": "dorian", "chord_shares": CHORDS},
                signal={"duration_seconds": 185.0},
                structure={"sections": [{"label": letter} for letter in "AABA"]},
                loudness={"integrated_lufs": -16.8, "loudness_range_lu": 5.0, "true_peak_dbtp": -0.96},
            ),
            "The recording runs at 97 BPM, is in D minor (dorian), and moves mostly between Dm, G and Am. It lasts "
            "3:05 minutes, has the form AABA and has a loudness of -16.8 LUFS with a true peak of -1.0 dBTP.",
        ),
        (measured(rhythm={"bpm": 97.0, "meter": "3"}), "The recording runs at 97 BPM and keeps 3/4 time."),
        (
            measured(rhythm={"bpm": 97.0, "meter": 6, "swing_ratio": 1.02}),
            "The recording runs at 97 BPM and keeps 6/8 time.",
        ),
        (
            measured(rhythm={"bpm": 97.0, "meter": "4", "swing_ratio": 1.9}),
            "The recording runs at 97 BPM and keeps 4/4 time with swung beats.",
        ),
        ({"fusion": {"tempo": {"bpm": 97.0, "meter": "2"}}}, "The recording runs at 97 BPM and keeps 2/4 time."),
        (measured(rhythm={"bpm": 97.0, "swing_ratio": 1.9}), "The recording runs at 97 BPM and has swung beats."),
        (measured(rhythm={"bpm": 97.0, "meter": "5"}), "The recording runs at 97 BPM."),
        # Minor and major are what is meant without another word.
        (
            measured(tonal={"key_tonic": "D", "key_scale": "minor", "key_mode": "aeolian"}),
            "The recording is in D minor.",
        ),
        (measured(tonal=keys("C major", "D major")), "The recording goes from C major to D major at 1:30."),
        (
            measured(tonal=keys("C major", "D major", "E minor", "C major")),
            "The recording goes through C major, D major and E minor.",
        ),
        (
            measured(tonal=keys("C major", "D major", "E minor", "F major", "G major")),
            "The recording is mostly in C major.",
        ),
        (measured(rhythm=tempos(124.0, 174.0)), "The recording goes from 124 BPM to 174 BPM."),
        (
            measured(rhythm=tempos(124.0, 128.0, 174.04)),
            "The recording goes through 124 BPM, 128 BPM and 174 BPM.",
        ),
        (measured(rhythm=tempos(*range(100, 150, 10))), "The recording mostly runs at 100 BPM."),
        (measured(structure={"sections": [{"label": "A"}]}), ""),
        (measured(structure={"sections": [{"label": letter} for letter in "AB"]}), ""),
        (
            measured(structure={"sections": [{"label": letter} for letter in "ABC"]}),
            "The recording has 3 different sections.",
        ),
        (
            measured(structure={"sections": [{"label": letter} for letter in "ABABCABABCAB"]}),
            "The recording has 12 sections of 3 kinds.",
        ),
        # Many chords of a little each are no chords to name.
        (measured(tonal={"chord_shares": [{"name": name, "share": 0.125} for name in "CDEFGAB"]}), ""),
    ],
)
def test_what_is_not_known_is_not_said(document: Mapping[str, Any], text: str) -> None:
    assert prose(document) == text


def test_fused_facts_go_before_what_they_were_fused_from() -> None:
    document = {**measured(rhythm={"bpm": 172.0}, tonal={"key_tonic": "A", "key_scale": "minor"}), "fusion": FUSED}
    assert prose(document, "technical") == (
        "The recording perhaps runs at 86 BPM and is perhaps in C# minor. It is quiet at -25.1 LUFS, varies in "
        "loudness by 14.8 LU and gives 9 % of its energy to the voice."
    )


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        # Names of half the best score and more, at most three, none twice.
        ([("pop", 0.4), ("rock", 0.3), ("indie", 0.2), ("folk", 0.2)], "is pop, rock and folk in style"),
        ([("pop", 0.4), ("rock", 0.1)], "is pop in style"),
        ([("guitar", 0.4), ("guitars", 0.3), ("drums", 0.3)], "has guitar and drums"),
        # A drum and a bass are no drum and bass, which is a genre.
        ([("drum", 0.4), ("bass", 0.3)], "has drum"),
        ([("male", 0.4), ("vocals", 0.3), ("female", 0.1)], "has a man's voice"),
        ([("male", 0.2), ("vocals", 0.3), ("female", 0.2)], "has a singing voice"),
        ([("voice", 0.3)], "has a voice"),
        ([("choir", 0.3)], "has a choir"),
        ([("no vocals", 0.4), ("piano", 0.3), ("voice", 0.2)], "has piano and no voice"),
        ([("happy", 0.5), ("party", 0.4)], "sounds happy and like a party"),
    ],
)
def test_tags_are_said_as_far_as_their_scores_go(tags: list[tuple[str, float]], text: str) -> None:
    assert prose(tagged(*tags)) == f"The recording {text}."


def test_what_a_tagger_denies_is_no_mood() -> None:
    assert prose(tagged(("not_happy", 0.9), ("relaxed", 0.6), model="mood-x")) == "The recording sounds relaxed."


def test_long_words_are_cut_and_quotation_marks_in_them_changed() -> None:
    text = 'She said "wait" and then she went away again over the hills and far'
    assert prose({"speech": {"segments": [{"text": text}]}}) == (
        "The words begin \"She said 'wait' and then she went away again over the hills …\"."
    )


def test_words_that_state_what_no_fact_holds_are_not_quoted() -> None:
    # The claims check reads a quotation as any other text, and no tempo is known.
    assert prose({"speech": {"segments": [{"text": "at 120 BPM"}], "summary": {"language_code": "de"}}}) == (
        "The words are in German."
    )


@pytest.mark.parametrize(
    ("code", "text"), [("haw", "Hawaiian"), ("ht", "Haitian Creole"), ("xx", 'the language "xx"'), ("Dutch", "Dutch")]
)
def test_languages_are_named(code: str, text: str) -> None:
    assert prose({"language": code}) == f"The words are in {text}."


def test_a_clause_names_the_facts_that_it_says_and_what_makes_them_doubtful() -> None:
    clauses = write("full", Facts({**SONG, "fusion": FUSED}).shown).clauses
    assert [(clause.text, clause.facts) for clause in clauses] == [
        ("is rock in style", ("essentia.tag_sets",)),
        ("has guitar and a woman's voice", ("essentia.tag_sets",)),
        ("perhaps runs at 86 BPM", ("fusion.tempo.bpm", "fusion.tempo.agreement")),
        ("is perhaps in C# minor", ("fusion.key.tonic", "fusion.key.agreement")),
        ("lasts 11 seconds", ("essentia.features.signal.duration_seconds",)),
        ("is quiet at -25.1 LUFS", ("fusion.loudness.integrated_lufs",)),
        ("are in English", ("speech.summary.language_code",)),
        ('begin "Time stands still"', ("speech.segments",)),
    ]


def test_every_question_but_that_for_the_words_has_a_plan() -> None:
    assert set(PLANS) == set(PROMPT_NAMES) - {"transcribe"}


# Whatever the facts are.

TAGS = sorted(
    {*GENRES, *INSTRUMENTS, *MOODS, *VOICES, "no vocals", "80s", "hip hop", "female vocalists", "easy listening"}
)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 400) | st.floats(-60, 0)
SCORES = st.floats(0, 1)
LINES = st.lists(
    st.sampled_from(
        ["la", "twenty", "guitars", "F minor", "at 120 BPM", '"no"', "3:45", "A", "tempo", "1,000", "jazz…"]
    )
    | st.text(max_size=12),
    max_size=6,
).map(" ".join)


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these members."""
    return st.fixed_dictionaries({}, optional=members)


DOCUMENTS = some(
    essentia=some(
        features=some(
            signal=some(duration_seconds=NUMBERS),
            rhythm=some(bpm=NUMBERS, bpm_agreement=SCORES),
            tonal=some(key_tonic=st.sampled_from(["A", "Bb", "F#"]), key_scale=st.sampled_from(["major", "minor"])),
            loudness=some(integrated_lufs=NUMBERS, loudness_range_lu=NUMBERS),
        ),
        tag_sets=st.lists(
            st.fixed_dictionaries(
                {
                    "model": st.fixed_dictionaries({"name": st.sampled_from(["musicnn-msd", "mood-x", "genre-x"])}),
                    "tags": st.lists(
                        st.fixed_dictionaries({"name": st.sampled_from(TAGS), "score": SCORES}), max_size=8
                    ),
                }
            ),
            max_size=2,
        ),
    ),
    speech=some(
        segments=st.lists(st.fixed_dictionaries({"text": LINES}), max_size=3),
        summary=some(language_code=st.sampled_from(["en", "yue", "xx"])),
    ),
    fusion=some(
        tempo=some(bpm=NUMBERS, agreement=SCORES),
        key=some(tonic=st.sampled_from(["C", "Eb"]), scale=st.sampled_from(["major", "minor"]), agreement=SCORES),
        loudness=some(integrated_lufs=NUMBERS, loudness_range_lu=NUMBERS),
        vocals=some(energy_share=SCORES),
    ),
    title=LINES,
    tempo=NUMBERS,
    key=LINES,
    moods=st.lists(LINES, max_size=4),
    instruments=st.lists(st.sampled_from(TAGS), max_size=4),
    guitar_count=st.integers(0, 9),
    loudness=NUMBERS,
)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS, st.sampled_from(sorted(PLANS)))
def test_any_facts_give_sentences_whose_claims_they_hold(document: dict[str, Any], prompt: str) -> None:
    facts = Facts(document)
    written = write(prompt, facts.shown)
    text = " ".join(written.sentences)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in written.sentences)
    assert "  " not in text
    assert not re.search(r"\b(None|nan|inf)\b", re.sub(r'"[^"]*"', "", text))
    place = 0
    for clause in written.clauses:
        place = text.index(clause.text, place) + len(clause.text)
        assert clause.facts
        assert "" not in clause.facts
    assert [claim.text for claim in claims(text, facts) if not claim.supported] == []
    assert write(prompt, facts.shown) == written


@settings(max_examples=200, deadline=None)
@given(st.floats(1, 1e6))
def test_a_length_is_said_to_the_unit_in_which_it_ends(seconds: float) -> None:
    text = prose(measured(signal={"duration_seconds": seconds}))
    (claim,) = claims(text, Facts(measured(signal={"duration_seconds": seconds})))
    assert claim.supported
    assert claim.value is not None
    # Minutes stand alone only where there are sixty of them.
    unit, tolerance = (60, 30.0) if claim.unit == "min" else (1, 0.5)
    assert math.isclose(claim.value * unit, seconds, abs_tol=tolerance)
    assert unit == 1 or seconds > 3599


def warned(*reasons: tuple[str, str], **groups: Mapping[str, Any]) -> dict[str, Any]:
    """An analysis with these warnings: reason and field."""
    rows = [{"reason": reason, "field": field} for reason, field in reasons]
    return {"essentia": {"features": groups, "summary": {"warnings": rows}}}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (warned(("AUDIO_SILENT", "")), "The recording is silent."),
        (
            warned(("AUDIO_SILENT", ""), ("AUDIO_SILENT", "tag_sets"), signal={"duration_seconds": 12.0}),
            "The recording is silent. It lasts 12 seconds.",
        ),
        (warned(("AUDIO_CONSTANT", "")), "The recording is without anything that can be heard."),
        (warned(("LOUDNESS_BELOW_GATE", "")), "The recording is all but silent."),
        (warned(("AUDIO_CLICKS", "tag_sets")), "The recording is nothing but clicks."),
        (
            warned(("AUDIO_STEADY", "tag_sets"), loudness={"integrated_lufs": -30.0}),
            "The recording is a single sound that stays the same. It is quiet at -30.0 LUFS.",
        ),
        # Of one window of several, which is not the recording.
        (
            warned(("AUDIO_SILENT", ""), loudness={"integrated_lufs": -30.0}),
            "The recording is quiet at -30.0 LUFS.",
        ),
    ],
)
def test_where_there_is_nothing_to_tell_of_that_is_said(document: Mapping[str, Any], text: str) -> None:
    assert prose(document) == text


def test_labels_that_name_no_style_are_none() -> None:
    assert (
        prose(tagged(("beat", 0.5), ("techno", 0.4), ("solo", 0.4)), "genre_mood")
        == "The recording is techno in style."
    )


def test_instrumental_means_that_there_is_no_voice() -> None:
    text = "The recording has flute and no voice."
    assert prose(tagged(("instrumental", 0.5), ("flute", 0.4), ("female vocalists", 0.2)), "instrumentation") == text
