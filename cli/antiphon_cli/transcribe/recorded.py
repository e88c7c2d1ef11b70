"""What a recording says or sings: the events of a call put together."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.progress import Reporter, show_stage
from antiphon_client import SyncClient


def transcript(
    client: SyncClient, path: Path, config: speech_pb2.TranscriptionConfig, shown: Reporter
) -> speech_pb2.Transcript:
    """Has a file transcribed.

    Raises:
        AntiphonClientError: the call failed.
        OSError: the file cannot be read.
    """
    found = speech_pb2.Transcript()
    with closing(client.transcribe(path, config)) as events:
        for event in events:
            if isinstance(event, evidence_pb2.Progress):
                show_stage(shown, "speech", event)
            elif isinstance(event, speech_pb2.Segment):
                found.segments.append(event)
            elif isinstance(event, speech_pb2.TranscriptionSummary):
                found.summary.CopyFrom(event)
    return found


def aligned(
    client: SyncClient, path: Path, config: speech_pb2.AlignmentConfig, shown: Reporter
) -> speech_pb2.AlignedLyrics:
    """Has the words of a song timed.

    Raises:
        AntiphonClientError: the call failed.
        OSError: the file cannot be read.
    """
    found = speech_pb2.AlignedLyrics()
    with closing(client.align_lyrics(path, config)) as events:
        for event in events:
            if isinstance(event, evidence_pb2.Progress):
                show_stage(shown, "speech", event)
            elif isinstance(event, speech_pb2.AlignedLine):
                found.lines.append(event)
            elif isinstance(event, speech_pb2.AlignmentSummary):
                found.summary.CopyFrom(event)
    return found
