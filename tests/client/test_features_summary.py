"""Every number that essentia measured is printed by its group, and nothing that is absent."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon_client.cli.summary import summarise

NAME = "song.wav"


def record() -> record_pb2.AnalysisRecord:
    """A record with a few numbers of each kind."""
    result = record_pb2.AnalysisRecord()
    features = result.essentia.features
    features.rhythm.bpm, features.rhythm.beat_count = 120.0625, 0
    features.rhythm.tempo_estimates.add(estimator="degara", bpm=60.0)
    features.tonal.key_tonic = "Eb"
    features.tonal.chroma.extend([0.25, 0.75])
    for index, name in enumerate(["C", "Am"] * 20):
        features.series.chords.add(name=name, start_seconds=2.0 * index, end_seconds=2.0 * index + 2)
    result.essentia.summary.networks.add(name="swift-f0", license_spdx="MIT").weights_sha256["model.onnx"] = "cd" * 32
    stem = result.stem_features.stems.add().features.stem
    stem.name, stem.integrated_lufs, stem.onset_count = "vocals", -20.5, 12
    return result


def test_every_number_is_printed_in_its_group() -> None:
    text = summarise(NAME, record(), [], every_feature=True)
    assert "  rhythm     bpm 120.1, beat_count 0, tempo_estimates: degara 60\n" in text
    assert "  tonal      key_tonic Eb, chroma [0.25 0.75]\n" in text
    assert "loudness" not in text, "a group that is absent is not shown"


def test_chords_are_printed_with_their_starts_and_a_count_of_the_rest() -> None:
    text = " ".join(summarise(NAME, record(), []).split())
    assert "chords 0:00.0 C, 0:02.0 Am, 0:04.0 C" in text
    assert "0:46.0 Am, and 16 more" in text


def test_numbers_stay_away_unless_they_are_asked_for() -> None:
    assert "beat_count" not in summarise(NAME, record(), [])


def test_a_stem_is_a_line_with_its_name_and_a_network_one_with_its_digest() -> None:
    text = summarise(NAME, record(), [])
    assert "  by stem    vocals: integrated_lufs -20.5\n" in text
    assert "swift-f0, licence MIT" in text
    assert "cdcdcdcdcdcdcdcd… model.onnx" in text


def test_lines_stay_readable_however_many_numbers_there_are() -> None:
    full = record()
    full.essentia.features.timbre.mfcc_mean.extend([-123.456789] * 13)
    full.essentia.features.timbre.gfcc_mean.extend([-123.456789] * 13)
    kind = full.essentia.features.tonal.chroma_kinds.add(kind="stft")
    for numbers in (kind.mean, kind.std, kind.median):
        numbers.extend([0.123456] * 12)
    assert max(map(len, summarise(NAME, full, [], every_feature=True).splitlines())) <= 115
