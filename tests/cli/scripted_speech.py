"""A speech service that says what it is told, and keeps what it was sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from google.protobuf.duration_pb2 import Duration

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc

WARNING = evidence_pb2.Warning(reason="LANGUAGE_UNCERTAIN", message="the language is a guess")


def at(seconds: float) -> Duration:
    """Seconds as a Duration."""
    return Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))


class ScriptedSpeech(pb_grpc.SpeechServiceServicer):
    """Hears the same in everything; keeps the configs and the sizes of what it was sent."""

    def __init__(self) -> None:
        self.configs: list[Any] = []
        self.sizes: list[int] = []
        self.said = [(59.996, 60.5, "Čekam")]
        """What is heard in a recording: start and end of each word in seconds, and the word."""
        self.receiving_seconds: list[float] = []
        """From the first message with live audio to the end of it, for each stream."""

    def Transcribe(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        self._take(requests)
        for fraction in (0.25, 0.9):
            yield pb.TranscribeResponse(progress=evidence_pb2.Progress(fraction=fraction, step="listening"))
        words = [pb.Word(start_offset=at(start), end_offset=at(end), text=text) for start, end, text in self.said]
        segment = pb.Segment(
            start_offset=words[0].start_offset,
            end_offset=words[-1].end_offset,
            text=" ".join(word.text for word in words),
            words=words,
        )
        yield pb.TranscribeResponse(segment=segment)
        yield pb.TranscribeResponse(summary=pb.TranscriptionSummary(warnings=[WARNING]))

    def AlignLyrics(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        self._take(requests)
        yield pb.AlignLyricsResponse(
            line=pb.AlignedLine(line_number=1, text="One", start_offset=at(1), end_offset=at(2))
        )
        yield pb.AlignLyricsResponse(line=pb.AlignedLine(line_number=2, text="Two"))
        yield pb.AlignLyricsResponse(summary=pb.AlignmentSummary())

    def StreamingRecognize(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        """Tells one utterance when the first audio has come, and half of another at the end."""
        self.configs.append(next(requests).config)
        self.sizes.append(0)
        started = time.monotonic()
        for request in requests:
            if request.chunk.data and not self.sizes[-1]:
                started = time.monotonic()
                yield from self._greeting()
            self.sizes[-1] += len(request.chunk.data)
        self.receiving_seconds.append(time.monotonic() - started)
        yield pb.StreamingRecognizeResponse(final=pb.FinalResult(text=" Bye", start_offset=at(2), end_offset=at(3)))
        yield pb.StreamingRecognizeResponse(summary=pb.StreamingRecognitionSummary())

    def _greeting(self) -> Iterator[Any]:
        late = pb.StreamPosition(audio_processed=at(0.2), lag=at(2.3))
        yield pb.StreamingRecognizeResponse(interim=pb.InterimResult(text=" helo", position=late))
        yield pb.StreamingRecognizeResponse(
            final=pb.FinalResult(text=" hello", start_offset=at(0.1), end_offset=at(0.3))
        )
        yield pb.StreamingRecognizeResponse(interim=pb.InterimResult(text=" yoo"))
        yield pb.StreamingRecognizeResponse(
            final=pb.FinalResult(text=" you", start_offset=at(0.3), end_offset=at(0.5), ends_utterance=True)
        )

    def _take(self, requests: Iterator[Any]) -> None:
        self.configs.append(next(requests).config)
        self.sizes.append(sum(len(request.chunk.data) for request in requests))
