"""Each fact on cases whose answer is known."""

from __future__ import annotations

import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from gateway.analysis.fuse.description import description
from gateway.analysis.fuse.key import key, pitch_class
from gateway.analysis.fuse.loudness import loudness
from gateway.analysis.fuse.tempo import tempo
from gateway.analysis.fuse.vocals import vocals
from gateway.analysis.fuse.words import language, lyrics


def with_tempos(**tempos: float) -> record_pb2.AnalysisRecord:
    """A record whose essentia part holds the given estimates."""
    record = record_pb2.AnalysisRecord()
    record.essentia.features.SetInParent()
    for name, value in tempos.items():
        setattr(record.essentia.features.rhythm, name, value)
    return record


@pytest.mark.parametrize(
    ("estimates", "agreement"),
    [
        ((120.0, 121.0, 119.0), 1.0),
        ((120.0, 60.0, 60.5), 1 / 3),  # two of three name the half: essentia has heard the onsets, and is not outvoted
        ((124.8, 120.0, 40.0), 2 / 3),  # 4 % is still agreement
        ((124.9, 120.0, 40.0), 1 / 3),
        ((90.0, 100.0, 140.0), 0.0),
    ],
)
def test_the_tempo_is_essentias_and_its_estimators_are_counted(
    estimates: tuple[float, float, float], agreement: float
) -> None:
    fact = tempo(
        with_tempos(bpm=120.0, bpm_multifeature=estimates[0], bpm_degara=estimates[1], bpm_percival=estimates[2])
    )
    assert fact is not None
    assert fact.bpm == 120.0
    assert fact.agreement == pytest.approx(agreement)
    assert fact.disputed == (agreement < 1)
    assert [candidate.bpm for candidate in fact.candidates] == list(estimates)
    assert sum(candidate.agrees for candidate in fact.candidates) == round(agreement * 3)
    assert fact.evidence[0].field == "essentia.features.rhythm.bpm"


def test_double_tempo_is_listed_as_a_disagreeing_candidate() -> None:
    fact = tempo(with_tempos(bpm=70.0, bpm_multifeature=70.0, bpm_degara=140.0))
    assert fact is not None
    assert [(candidate.bpm, candidate.agrees) for candidate in fact.candidates] == [(70.0, True), (140.0, False)]
    assert fact.candidates[1].field == "essentia.features.rhythm.bpm_degara"
    assert fact.disputed


def test_a_tempo_that_changes_is_disputed_and_told_in_segments() -> None:
    record = with_tempos(bpm=124.0, bpm_multifeature=124.0, bpm_degara=124.0, bpm_agreement=0.4)
    rhythm = record.essentia.features.rhythm
    rhythm.tempo_kind, rhythm.meter = "changing", 4
    for start, bpm in ((0.0, 124.0), (90.0, 174.0)):
        rhythm.tempo_segments.add(start_seconds=start, bpm=bpm)
    fact = tempo(record)
    assert fact is not None
    assert (fact.kind, fact.meter, fact.disputed) == ("changing", 4, True)
    assert [each.bpm for each in fact.segments] == [124, 174]
    # Essentia's, of the longest segment times its share of the time.
    assert fact.agreement == 0.4


def test_a_steady_tempo_has_no_segments_and_a_meter_that_is_not_known_is_absent() -> None:
    record = with_tempos(bpm=124.0, bpm_multifeature=124.0, bpm_beatnet=124.0)
    record.essentia.features.rhythm.tempo_segments.add(start_seconds=0, bpm=124.0)
    fact = tempo(record)
    assert fact is not None
    assert not fact.segments
    assert not fact.disputed
    assert not fact.HasField("meter")
    assert [each.field.rpartition("_")[2] for each in fact.candidates] == ["multifeature", "beatnet"]


def test_a_lone_tempo_claims_no_agreement() -> None:
    fact = tempo(with_tempos(bpm=128.0, bpm_percival=128.0))
    assert fact is not None
    assert not fact.HasField("agreement")
    assert not fact.disputed


def test_estimates_without_a_tempo_make_no_fact() -> None:
    # So it is where no octave of them lies between the caller's min_bpm and max_bpm.
    assert tempo(with_tempos(bpm_multifeature=128.0, bpm_degara=128.0)) is None


def test_the_beat_trackers_confidence_belongs_to_its_own_estimate_only() -> None:
    record = with_tempos(bpm=120.0, bpm_multifeature=120.0, bpm_degara=120.0, beat_confidence_norm=0.5)
    fact = tempo(record)
    assert fact is not None
    assert [evidence.HasField("confidence") for evidence in fact.evidence] == [False, True, False]
    assert fact.evidence[1].confidence == 0.5


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_no_tempo_is_made_of_a_number_that_is_none(value: float) -> None:
    assert tempo(with_tempos(bpm=value)) is None
    assert tempo(with_tempos()) is None


def with_keys(tonic: str, *estimates: tuple[str, str]) -> record_pb2.AnalysisRecord:
    """A record whose essentia part says ``tonic`` major, with one profile for each estimate."""
    record = record_pb2.AnalysisRecord()
    tonal = record.essentia.features.tonal
    tonal.key_tonic, tonal.key_scale = tonic, "major" if tonic else ""
    for index, (other, scale) in enumerate(estimates):
        tonal.key_estimates.add(profile=f"p{index}", tonic=other, scale=scale, strength=0.5)
    return record


def test_a_key_counts_the_profiles_that_vote_for_it_by_any_spelling() -> None:
    fact = key(with_keys("C#", ("C#", "major"), ("Db", "major"), ("C#", "minor"), ("F", "major")))
    assert fact is not None
    assert (fact.tonic, fact.scale) == ("C#", "major")
    assert fact.agreement == 0.5
    assert fact.disputed
    assert [candidate.tonic for candidate in fact.candidates] == ["C#", "Db", "C#", "F"]
    assert fact.evidence[0].confidence == 0.5


def test_a_key_keeps_the_agreement_that_essentia_measured() -> None:
    record = with_keys("C", ("C", "major"), ("C", "major"))
    record.essentia.features.tonal.key_agreement = 0.8
    fact = key(record)
    assert fact is not None
    assert fact.agreement == 0.8


def test_one_profile_claims_no_agreement_and_no_confidence() -> None:
    fact = key(with_keys("C", ("C", "major")))
    assert fact is not None
    assert not fact.HasField("agreement")
    assert not fact.evidence[0].HasField("confidence")
    assert not fact.disputed


def test_a_key_tells_the_probability_of_a_network_its_mode_and_where_it_changes() -> None:
    record = with_keys("C", ("C", "major"))
    tonal = record.essentia.features.tonal
    tonal.key_estimates.add(profile="madmom-key", tonic="A", scale="minor", probability=0.75, entropy_bits=1.0)
    tonal.key_mode = "ionian"
    tonal.key_segments.add(start_seconds=0.0, end_seconds=60.0, tonic="C", scale="major")
    fact = key(record)
    assert fact is not None
    assert (fact.mode, fact.agreement, fact.disputed) == ("ionian", 0.5, True)
    assert not fact.segments, "one key throughout"
    heard = fact.candidates[1]
    assert (heard.profile, heard.probability, heard.HasField("strength")) == ("madmom-key", 0.75, False)
    tonal.key_segments.add(start_seconds=60.0, end_seconds=90.0, tonic="D", scale="major")
    changed = key(record)
    assert changed is not None
    assert [each.tonic for each in changed.segments] == ["C", "D"]


def test_a_key_that_the_chords_decide_has_no_vote_and_no_confidence_by_votes() -> None:
    fact = key(with_keys("C", ("A", "minor"), ("A", "minor")))
    assert fact is not None
    assert (fact.tonic, fact.scale, fact.agreement, fact.disputed) == ("C", "major", 0, True)
    assert not fact.evidence[0].HasField("confidence")


def test_no_key_is_made_where_essentia_found_none() -> None:
    assert key(with_keys("", ("C", "major"))) is None


@pytest.mark.parametrize(
    ("tonic", "expected"), [("C", 0), ("B#", 0), ("Cb", 11), ("F##", 7), ("H", "H"), ("", ""), ("C?", "C?")]
)
def test_a_note_name_becomes_its_pitch_class(tonic: str, expected: int | str) -> None:
    assert pitch_class(tonic) == expected


def test_loudness_needs_the_integrated_value_and_carries_the_others_where_measured() -> None:
    record = record_pb2.AnalysisRecord()
    record.essentia.features.loudness.true_peak_dbtp = 0.0
    assert loudness(record) is None
    record.essentia.features.loudness.integrated_lufs = -14.0
    fact = loudness(record)
    assert fact is not None
    assert fact.integrated_lufs == -14.0
    assert fact.HasField("true_peak_dbtp")
    assert fact.true_peak_dbtp == 0.0
    assert not fact.HasField("loudness_range_lu")


def sung(*lines: str, probability: float | None = None) -> record_pb2.AnalysisRecord:
    """A record whose speech part heard the lines in English."""
    record = record_pb2.AnalysisRecord()
    record.speech.summary.language_code = "en"
    for line in lines:
        segment = record.speech.segments.add(text=line)
        for word in line.split():
            segment.words.add(text=word, probability=probability)
    return record


def test_lyrics_join_the_lines_and_average_the_words() -> None:
    record = sung("one two", "", "three", probability=0.5)
    record.speech.segments[2].words[0].probability = 0.8
    fact = lyrics(record)
    assert fact is not None
    assert fact.text == "one two\nthree"
    assert fact.word_count == 3
    assert fact.evidence[0].confidence == pytest.approx(0.6)
    assert fact.evidence[0].confidence_kind == "mean word probability"


def test_lyrics_without_word_probabilities_have_no_confidence() -> None:
    fact = lyrics(sung("one two"))
    assert fact is not None
    assert not fact.evidence[0].HasField("confidence")


def test_lyrics_without_word_times_are_counted_by_their_spaces() -> None:
    record = sung("one two three")
    del record.speech.segments[0].words[:]
    fact = lyrics(record)
    assert fact is not None
    assert fact.word_count == 3


@pytest.mark.parametrize(("input_", "expected"), [("upload", False), ("separation.vocals", True)])
def test_lyrics_say_where_they_were_heard(input_: str, expected: bool) -> None:
    record = sung("one")
    record.stage_reports.add(stage="speech", input=input_)
    fact = lyrics(record)
    assert fact is not None
    assert fact.from_vocals == expected


def test_the_language_carries_the_detectors_probability() -> None:
    record = sung("one")
    fact = language(record)
    assert fact is not None
    assert not fact.evidence[0].HasField("confidence")  # the caller chose the language
    record.speech.summary.language_probability = 0.9
    fact = language(record)
    assert fact is not None
    assert (fact.evidence[0].confidence, fact.evidence[0].confidence_kind) == (0.9, "language probability")


def test_silence_has_neither_words_nor_a_language() -> None:
    for record in (sung(), sung(" ")):
        record.speech.summary.language_probability = 0.3
        assert lyrics(record) is None
        assert language(record) is None


def test_vocals_are_measured_by_their_stem() -> None:
    record = record_pb2.AnalysisRecord()
    record.separation.stems.add(name="drums", energy_share=0.7)
    assert vocals(record) is None
    stem = record.separation.stems.add(name="vocals")
    assert vocals(record) is None  # silence has no share
    stem.energy_share = 0.0
    fact = vocals(record)
    assert fact is not None
    assert fact.energy_share == 0.0


def test_prose_by_rule_rests_on_the_sources_of_what_its_clauses_say() -> None:
    record = with_tempos(bpm=120.0, bpm_multifeature=120.0, bpm_percival=60.0)
    fused = tempo(record)
    assert fused is not None
    record.fusion.tempo.CopyFrom(fused)
    record.essentia.tag_sets.add().model.name = "musicnn-msd"
    answer = record.llm_audio.answers.add(text="The recording is rock in style, and perhaps runs at 120 BPM.")
    answer.clauses.add(text="is rock in style", facts=["essentia.tag_sets"])
    answer.clauses.add(text="perhaps runs at 120 BPM", facts=["fusion.tempo.bpm", "fusion.tempo.agreement"])
    answer.clauses.add(text="title as", facts=["title"])
    answer.claims.add(text="120", supported=True, fact="speech.segments")
    fact = description(record)
    assert fact is not None
    assert [evidence.field for evidence in fact.evidence] == [
        "llm_audio.answers",
        "essentia.tag_sets",
        "essentia.features.rhythm.bpm",
        "essentia.features.rhythm.bpm_multifeature",
    ]
