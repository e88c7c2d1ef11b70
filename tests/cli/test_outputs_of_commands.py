"""The outputs of whole commands: recordings survive, songs do not replace each other, one failure stops nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from antiphon_cli.analyze.request import Asked
from antiphon_cli.rendering import Layout
from tests.cli.test_cli import clip as script
from tests.fixtures.gateway_process import environment


def songs(folder: Path, *scripts: str) -> list[Path]:
    """One file for each script, by numbered names."""
    return [script(folder, f"{number}.wav", word) for number, word in enumerate(scripts, 1)]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["", "overwrite"])
@pytest.mark.parametrize(
    "outputs",
    [
        ["--json", "talk.wav"],
        ["--json", "link.wav"],
        ["--format", "lrc", "--out", "./talk.wav"],
        ["--stem-format", "wav", "--stems", "."],
    ],
    ids=" ".join,
)
def test_no_output_of_an_analysis_replaces_the_recording(
    antiphon: Any, gateway: Any, tmp_path: Path, outputs: list[str], overwrite: list[str]
) -> None:
    stems = tmp_path / "vocals"
    stems.mkdir()
    name = "vocals/vocals.wav" if "--stems" in outputs else "talk.wav"
    talk = script(tmp_path, name, "sung")
    (tmp_path / "link.wav").symlink_to(talk)
    before = talk.read_bytes()
    done = antiphon("analyze", *outputs, *overwrite, "--gateway", gateway.target, name)
    assert done.returncode in (1, 2)
    assert b"is read by this command" in done.stderr
    assert talk.read_bytes() == before


def test_a_transcript_does_not_replace_its_recording(antiphon: Any, speech: Any, clip: Path) -> None:
    before = clip.read_bytes()
    (clip.parent / "CLIP.wav").hardlink_to(clip)
    for name in ("clip.wav", "CLIP.wav"):
        done = antiphon("transcribe", "--speech", speech[0], "--overwrite", "--out", name, clip)
        assert (done.returncode, clip.read_bytes()) == (1, before)
    command = [sys.executable, "-P", "-m", "antiphon_cli", "transcribe", "--speech", speech[0], "--overwrite", "-o"]
    piped = subprocess.run(
        [*command, str(clip), "-"],
        stdin=clip.open("rb"),
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert (piped.returncode, clip.read_bytes()) == (1, before)


def test_an_output_that_is_there_is_kept_until_it_may_go(antiphon: Any, speech: Any, clip: Path) -> None:
    text = clip.parent / "clip.txt"
    text.write_text("mine")
    command = ["transcribe", "--speech", speech[0], "--out", "clip.txt", clip]
    refused = antiphon(*command)
    assert (refused.returncode, text.read_text()) == (1, "mine")
    assert b"--overwrite" in refused.stderr
    skipped = antiphon(*command, "--skip-existing")
    assert (skipped.returncode, text.read_text(), speech[1].configs) == (0, "mine", [])
    assert b"clip.wav: skipped: " in skipped.stderr
    assert b"antiphon:" not in skipped.stderr, "it is no error"
    assert antiphon(*command, "--overwrite").returncode == 0
    assert text.read_text() == "Čekam\n"


def test_a_text_that_cannot_be_written_stops_nobody(antiphon: Any, speech: Any, clip: Path) -> None:
    (clip.parent / "out" / "clip.txt").mkdir(parents=True)
    long = clip.parent / ("é" * 124 + ".wav")
    long.write_bytes(clip.read_bytes())
    done = antiphon("transcribe", "--speech", speech[0], "--out", "out", clip, "absent.wav", long)
    assert done.returncode == 1
    assert b"clip.txt: it is a folder" in done.stderr
    assert b"absent.wav" in done.stderr
    assert (clip.parent / "out" / long.with_suffix(".txt").name).read_text() == "Čekam\n"


def test_names_of_dots_stay_inside(antiphon: Any, gateway: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = [script(tmp_path / "in", name) for name in ("...wav", "..wav", "song.wav")]
    done = antiphon("analyze", *files, "--stems", "out", "--gateway", gateway.target)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    assert sorted(path.parent.name for path in (tmp_path / "out").rglob("vocals.flac")) == ["_", "__", "song"]


@pytest.mark.parametrize("target", ["/dev/full", "closed", "gone"])
def test_standard_output_that_takes_nothing_is_one_line(gateway: Any, tmp_path: Path, target: str) -> None:
    command = [sys.executable, "-P", "-m", "antiphon_cli", "analyze", "-q", "--gateway", gateway.target]
    command.append(str(script(tmp_path, "clip.wav")))
    if target == "gone":
        command = ["sh", "-c", 'exec "$0" "$@" >&-', *command]
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "wb") as full:
        output = full if target == "/dev/full" else writing
        done = subprocess.run(command, env=environment(), stdout=output, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "standard output" in line


def test_an_interrupt_loses_no_record_that_was_done(gateway: Any, tmp_path: Path) -> None:
    files = songs(tmp_path, "fine", "broken", "endless", "fine")
    command = [sys.executable, "-P", "-m", "antiphon_cli", "analyze", "--gateway", gateway.target]
    command += ["--json", str(tmp_path / "records.jsonl"), *map(str, files)]
    process = subprocess.Popen(
        command, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    seen = 0
    for line in process.stderr:
        seen += "50 %" in line
        if seen == 3:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    lines = (tmp_path / "records.jsonl").read_text().splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [["file", "record"], ["error", "file"]]
    files[2].write_bytes(b"fine " + bytes(100))
    again = subprocess.run([*command, "--skip-existing"], env=environment(), capture_output=True, timeout=60)
    assert again.returncode == 1
    entries = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    assert [Path(entry["file"]).name for entry in entries] == ["1.wav", "2.wav", "2.wav", "3.wav", "4.wav"]


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_that_no_stage_can_read_is_a_file_and_its_error(
    antiphon: Any, gateway: Any, tmp_path: Path, count: int
) -> None:
    files = songs(tmp_path, "broken", "fine")[:count]
    done = antiphon("analyze", "--json", "-", "--gateway", gateway.target, *files)
    assert done.returncode == 1
    entry = json.loads(done.stdout if count == 1 else done.stdout.splitlines()[0])
    assert (entry["file"], entry["error"]["reason"]) == (str(files[0]), "AUDIO_UNDECODABLE")


def test_lyrics_of_an_analysis_are_written_and_rendered_again_from_its_record(
    antiphon: Any, gateway: Any, tmp_path: Path
) -> None:
    files = songs(tmp_path, "sung", "fine")
    done = antiphon("analyze", "-q", "-f", "lrc", "--json", "r.jsonl", "--gateway", gateway.target, *files)
    assert done.returncode == 0, done.stderr
    lyrics = done.stdout.decode()
    assert "[00:01.00]la la\n[00:04.00]la\n" in lyrics
    assert b"2.wav: the stage speech has no answer" in b" ".join(done.stderr.split())
    rendered = antiphon("render", "-f", "lrc", "r.jsonl", "--out", "lyrics")
    assert rendered.returncode == 1
    assert b"2.wav: it holds no words" in b" ".join(rendered.stderr.split())
    assert (tmp_path / "lyrics" / "1.lrc").read_text() == lyrics
    srt = antiphon("render", "-f", "srt", "-", stdin=(tmp_path / "r.jsonl").read_bytes().splitlines()[0])
    assert b"00:00:01,000 --> 00:00:03,000\nla la\n" in srt.stdout


def test_a_part_singing_and_speakers_are_asked_for() -> None:
    asked = Asked(
        only=None,
        stems_folder=None,
        stem_format="flac",
        language="",
        models=(),
        settings_file=None,
        every_feature=None,
        singing=True,
        diarize=True,
        speaker_count=3,
        start=1.5,
        end=3,
        form=None,
        out=None,
        layout=Layout(None, 42, 2, "", ""),
    )
    settings = asked.settings(every_feature=False)
    assert settings["speech"].HasField("voice_activity_detection")
    assert not settings["speech"].voice_activity_detection
    assert (settings["speech"].diarize, settings["speech"].speaker_count) == (True, 3)
    clips = {settings[stage].clip.SerializeToString() for stage in ("separation", "speech", "essentia", "llm_audio")}
    assert len(clips) == 1
    assert settings["speech"].clip.start_offset.ToMilliseconds() == 1500


def test_standard_input_is_a_recording(antiphon: Any, gateway: Any, speech: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "-q", "-", stdin=clip.read_bytes())
    assert (done.returncode, done.stdout.decode(), speech[1].sizes) == (0, "Čekam\n", [clip.stat().st_size])
    listed = antiphon("analyze", "--json", "-", "--stems", "out", "--gateway", gateway.target, "-", stdin=b"fine x")
    assert listed.returncode == 0, listed.stderr
    assert (clip.parent / "out" / "stdin" / "vocals.flac").exists()


def test_json_in_place_of_its_file_is_told_so(antiphon: Any, clip: Path) -> None:
    done = antiphon("describe", "--schema", '{"type": "object"}', clip)
    assert done.returncode == 2
    assert b"write it into a file" in done.stderr
