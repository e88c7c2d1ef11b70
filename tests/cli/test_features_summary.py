"""Every number that essentia measured is printed by its group, and nothing that is absent."""

from __future__ import annotations

import pytest

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon_cli.analyze.summary import summarise

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
    result.essentia.summary.provenance.engine = "features"
    result.essentia.summary.networks.add(name="swift-f0", license_spdx="MIT").weights_sha256["model.onnx"] = "cd" * 32
    stem = result.stem_features.stems.add().features.stem
    stem.name, stem.integrated_lufs, stem.onset_count = "vocals", -20.5, 12
    return result


def test_every_number_is_printed_in_its_group() -> None:
    text = summarise(NAME, record(), [], every_feature=True)
    assert "  rhythm     bpm        120.1   beat_count 0\n             tempo_estimates degara bpm 60\n" in text
    assert "  tonal      key_tonic Eb\n             chroma 0.25 0.75\n" in text
    assert "loudness" not in text, "a group that is absent is not shown"


def test_a_deviation_stands_beside_its_mean_and_alone_where_there_is_none() -> None:
    full = record()
    spectral = full.essentia.features.spectral
    spectral.centroid_hz_mean, spectral.centroid_hz_std, spectral.rolloff_hz_std = 2832.0, 1525.0, 3.0
    spectral.flux_mean = 0.5
    text = " ".join(summarise(NAME, full, [], every_feature=True).split())
    assert "spectral centroid_hz_mean 2832 ± 1525 flux_mean 0.5 rolloff_hz_std 3" in text
    assert "centroid_hz_std" not in text
    assert "± is the field of the same name in _std" in text


def test_the_columns_of_a_group_are_aligned_and_read_downwards() -> None:
    full = record_pb2.AnalysisRecord()
    for index, field in enumerate(full.essentia.features.timbral.DESCRIPTOR.fields):
        setattr(full.essentia.features.timbral, field.name, 10.0 * index)
    shown = [line[13:] for line in summarise(NAME, full, [], True, columns=110).splitlines()[2:5]]
    assert [line.split()[0] for line in shown] == ["brightness", "roughness", "hardness"]
    assert [line.split()[2] for line in shown] == ["depth", "booming", "reverberation"]
    assert len({line.index(line.split()[2]) for line in shown}) == 1


def test_of_chroma_kinds_the_names_are_shown_and_not_the_arrays() -> None:
    full = record()
    kind = full.essentia.features.tonal.chroma_kinds.add(kind="stft", stability=0.5, dominant=["A", "E", "Ab"])
    kind.mean.extend([0.123456] * 12)
    text = summarise(NAME, full, [], every_feature=True)
    assert "chroma_kinds stft stability 0.5 dominant A E Ab\n" in text
    assert "0.1235" not in text


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


@pytest.mark.parametrize(("source", "shown"), [("manifest", False), ("hub at first pull", True), ("", False)])
def test_digests_that_no_manifest_states_are_told_with_where_they_come_from(source: str, shown: bool) -> None:
    full = record()
    full.essentia.summary.networks[0].digest_source = source
    assert (f", digests: {source}\n" in summarise(NAME, full, [])) == shown


def test_lines_stay_readable_however_many_numbers_there_are() -> None:
    full = record()
    full.essentia.features.timbre.mfcc_mean.extend([-123.456789] * 13)
    full.essentia.features.timbre.gfcc_mean.extend([-123.456789] * 13)
    kind = full.essentia.features.tonal.chroma_kinds.add(kind="stft")
    for numbers in (kind.mean, kind.std, kind.median):
        numbers.extend([0.123456] * 12)
    assert max(map(len, summarise(NAME, full, [], every_feature=True, columns=80).splitlines())) <= 80


def test_a_key_that_the_chords_decide_is_told_with_what_pitch_classes_alone_say() -> None:
    full = record()
    key = full.fusion.key
    key.tonic, key.scale, key.agreement, key.disputed = "C", "major", 0.0, True
    for profile, tonic, scale in (("edma", "A", "minor"), ("krumhansl", "G", "major"), ("bgate", "A", "minor")):
        key.candidates.add(profile=profile, tonic=tonic, scale=scale)
    text = summarise(NAME, full, [])
    assert "  key        C major (by its chords; pitch classes alone say A minor or G major)\n" in text
    key.agreement = 1 / 3
    assert "  key        C major (33 % of the profiles agree, disputed)\n" in summarise(NAME, full, [])


def test_a_mode_is_said_where_it_is_not_what_major_and_minor_are() -> None:
    full = record()
    key = full.fusion.key
    key.tonic, key.scale, key.mode = "D", "minor", "dorian"
    assert "  key        D minor, dorian\n" in summarise(NAME, full, [])
    key.mode = "aeolian"
    assert "  key        D minor\n" in summarise(NAME, full, [])


def test_keys_that_change_and_sections_are_told_with_their_starts() -> None:
    full = record()
    key = full.fusion.key
    key.tonic, key.scale = "D", "major"
    for start, tonic in ((0.0, "C"), (61.5, "D")):
        key.segments.add(start_seconds=start, tonic=tonic, scale="major")
    for start, label in ((0.0, "A"), (20.0, "B"), (40.0, "A")):
        full.essentia.features.structure.sections.add(start_seconds=start, label=label)
    text = summarise(NAME, full, [])
    assert "  keys       0:00.0 C major, 1:01.5 D major\n" in text
    assert "  sections   0:00.0 A, 0:20.0 B, 0:40.0 A\n" in text


def test_a_tempo_is_told_with_its_meter_and_where_it_changes() -> None:
    full = record()
    tempo = full.fusion.tempo
    tempo.bpm, tempo.kind, tempo.meter = 124.0, "drifting", 4
    tempo.ClearField("agreement")
    assert "  tempo      124.0 BPM, drifting, in 4\n" in summarise(NAME, full, [])
    tempo.kind = "changing"
    for start, bpm in ((0.0, 124.0), (61.5, 174.04)):
        tempo.segments.add(start_seconds=start, bpm=bpm)
    text = summarise(NAME, full, [])
    assert "  tempo      124.0 BPM, in 4\n  tempos     0:00.0 124.0 BPM, 1:01.5 174.0 BPM\n" in text


def test_a_tempo_that_no_estimator_names_is_told_with_what_they_say() -> None:
    full = record()
    tempo = full.fusion.tempo
    tempo.bpm, tempo.agreement, tempo.disputed = 120.0, 0.0, True
    for bpm in (60.0, 240.1, 60.04):
        tempo.candidates.add(bpm=bpm)
    assert "  tempo      120.0 BPM (no estimator names it; they say 60.0 or 240.1)\n" in summarise(NAME, full, [])


def test_prose_is_told_with_who_wrote_it() -> None:
    full = record()
    full.fusion.description.text = "The recording runs at 120 BPM."
    full.llm_audio.summary.provenance.engine = "facts"
    assert "  in prose   by rule, from these facts alone\n             | The recording runs at 120 BPM.\n" in summarise(
        NAME, full, []
    )
    full.llm_audio.summary.provenance.model.name = "gemma-2-2b-it"
    full.fusion.description.unsupported_claim_count = 1
    assert "by gemma-2-2b-it, from these facts alone, 1 claim unsupported\n" in summarise(NAME, full, [])
