"""``antiphon transcribe`` in a process of its own, against a speech service that says what it is told."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

import renderers
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc

WARNING = evidence_pb2.Warning(reason="LANGUAGE_UNCERTAIN", message="the language is a guess")


def at(seconds: float) -> Duration:
    """Seconds as a Duration."""
    return Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))


class Speech(pb_grpc.SpeechServiceServicer):
    """Hears the same in everything; keeps the configs and the sizes of what it was sent."""

    def __init__(self) -> None:
        self.configs: list[Any] = []
        self.sizes: list[int] = []

    def Transcribe(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        self._take(requests)
        for fraction in (0.25, 0.9):
            yield pb.TranscribeResponse(progress=evidence_pb2.Progress(fraction=fraction, step="listening"))
        words = [pb.Word(start_offset=at(59.996), end_offset=at(60.5), text="Čekam")]
        yield pb.TranscribeResponse(
            segment=pb.Segment(start_offset=at(59.996), end_offset=at(60.5), text="Čekam", words=words)
        )
        yield pb.TranscribeResponse(summary=pb.TranscriptionSummary(warnings=[WARNING]))

    def AlignLyrics(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        self._take(requests)
        yield pb.AlignLyricsResponse(
            line=pb.AlignedLine(line_number=1, text="One", start_offset=at(1), end_offset=at(2))
        )
        yield pb.AlignLyricsResponse(line=pb.AlignedLine(line_number=2, text="Two"))
        yield pb.AlignLyricsResponse(summary=pb.AlignmentSummary())

    def StreamingRecognize(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        self._take(requests)
        yield pb.StreamingRecognizeResponse(interim=pb.InterimResult(text=" helo"))
        yield pb.StreamingRecognizeResponse(
            final=pb.FinalResult(text=" hello", start_offset=at(0.1), end_offset=at(0.3))
        )
        yield pb.StreamingRecognizeResponse(
            final=pb.FinalResult(text=" you", start_offset=at(0.3), end_offset=at(0.5), ends_utterance=True)
        )
        yield pb.StreamingRecognizeResponse(final=pb.FinalResult(text=" Bye", start_offset=at(2), end_offset=at(3)))
        yield pb.StreamingRecognizeResponse(summary=pb.StreamingRecognitionSummary())

    def _take(self, requests: Iterator[Any]) -> None:
        self.configs.append(next(requests).config)
        self.sizes.append(sum(len(request.chunk.data) for request in requests))


@pytest.fixture
def speech() -> Iterator[tuple[str, Speech]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), Speech()
    pb_grpc.add_SpeechServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of a WAV file."""
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path


def test_text_goes_to_standard_output_and_the_rest_to_standard_error(antiphon: Any, speech: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--hotword", "Ana", "--hotword", "Ivo", clip)
    assert (done.returncode, done.stdout.decode()) == (0, "Čekam\n")
    assert b"25 %" in done.stderr
    assert b"LANGUAGE_UNCERTAIN" in done.stderr
    (config,) = speech[1].configs
    assert list(config.hotwords) == ["Ana", "Ivo"]
    assert config.voice_activity_detection
    assert speech[1].sizes == [clip.stat().st_size]


@pytest.mark.parametrize("lyrics", [False, True])
def test_a_part_of_a_file_and_a_beam_are_asked_for(
    antiphon: Any, speech: Any, clip: Path, tmp_path: Path, lyrics: bool
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("One\n")
    more = ["--lyrics", words] if lyrics else ["--beam", "2"]
    done = antiphon("transcribe", "--speech", speech[0], "-q", "--start", "0.1", "--end", "0.25", *more, clip)
    assert done.returncode == 0
    (config,) = speech[1].configs
    assert (config.clip.start_offset.ToMilliseconds(), config.clip.end_offset.ToMilliseconds()) == (100, 250)
    assert lyrics or config.beam_size == 2


def test_without_them_nothing_of_it_is_sent(antiphon: Any, speech: Any, clip: Path) -> None:
    assert antiphon("transcribe", "--speech", speech[0], "-q", clip).returncode == 0
    (config,) = speech[1].configs
    assert not config.HasField("clip")
    assert not config.HasField("beam_size")


@pytest.mark.parametrize("name", sorted(renderers.FORMATS))
def test_every_format_can_be_read_again(antiphon: Any, speech: Any, clip: Path, name: str) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "-q", "--singing", "--format", name, clip)
    assert done.returncode == 0
    (line,) = renderers.parse(name, done.stdout.decode())
    assert line.text == "Čekam"
    assert name == "txt" or line.start == pytest.approx(60.0, abs=0.01)
    assert b":60" not in done.stdout
    assert not speech[1].configs[0].voice_activity_detection


def test_several_files_go_to_a_folder_under_names_of_their_own(
    antiphon: Any, speech: Any, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    other = tmp_path / "more" / "clip.wav"
    other.write_bytes(clip.read_bytes())
    done = antiphon("transcribe", "--speech", speech[0], "--format", "srt", "--out", "texts", clip, other)
    assert (done.returncode, done.stdout) == (0, b"")
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["clip-2.srt", "clip.srt"]


def test_known_words_are_sent_and_come_back_with_times(antiphon: Any, speech: Any, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("﻿One\nTwo\n", encoding="utf-8")
    done = antiphon("transcribe", "--speech", speech[0], "--lyrics", "words.txt", "-f", "lrc", "--title", "Song", clip)
    assert done.stdout.decode() == "[ti:Song]\n\n[00:01.00]One\n[00:02.00]\n"
    assert speech[1].configs[0].lyrics == "One\nTwo\n"


def test_live_a_file_is_sent_at_its_pace_and_each_utterance_is_a_line(antiphon: Any, speech: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", speech[0], "--live", clip)
    assert (done.returncode, done.stdout) == (0, b"hello you\nBye\n")
    (config,) = speech[1].configs
    assert (config.audio_format.sample_rate_hertz, config.audio_format.channel_count) == (8000, 1)
    assert speech[1].sizes == [8000]


@pytest.mark.parametrize(
    "arguments",
    [
        ["transcribe"],
        ["transcribe", "-"],
        ["transcribe", "absent.wav"],
        ["transcribe", "--format", "doc", "clip.wav"],
        ["transcribe", "--live", "--singing", "clip.wav"],
        ["transcribe", "--live", "clip.wav", "clip.wav"],
        ["transcribe", "--live", "--beam", "2", "clip.wav"],
        ["transcribe", "--start", "2", "--end", "1", "clip.wav"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_says_why(antiphon: Any, clip: Path, arguments: list[str]) -> None:
    done = antiphon(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Error: " in done.stderr


def test_what_cannot_be_heard_live_is_named_with_a_way(antiphon: Any, speech: Any, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(100))
    done = antiphon("transcribe", "--speech", speech[0], "--live", "song.mp3")
    assert done.returncode == 1
    assert b"ffmpeg" in done.stderr
    nobody = antiphon("transcribe", "--speech", speech[0], "--live", PATH="/nonexistent")
    assert nobody.returncode == 1
    assert b"arecord" in nobody.stderr


def test_a_service_that_is_not_there_exits_3(antiphon: Any, clip: Path) -> None:
    done = antiphon("transcribe", "--speech", "127.0.0.1:1", clip)
    assert done.returncode == 3
    assert b"antiphon up" in done.stderr
