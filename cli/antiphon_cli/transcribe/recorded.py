"""What a recording says or sings: the events of a call put together."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.audio.recordings import opened
from antiphon_cli.progress import Reporter, show_stage
from antiphon_client import SyncClient
from antiphon_wire.rpcs import AlignEvent, TranscribeEvent


def transcript(
    client: SyncClient, path: Path, config: speech_pb2.TranscriptionConfig, shown: Reporter
) -> speech_pb2.Transcript:
    """Has a file transcribed.

    Raises:
        AntiphonClientError: the call failed.
        OSError: the file cannot be read.
    """
    found = speech_pb2.Transcript()
    _collect(client.transcribe(opened(path), config), found, shown)
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
    _collect(client.align_lyrics(opened(path), config), found, shown)
    return found


def _collect(
    events: Generator[TranscribeEvent | AlignEvent, None, None],
    found: speech_pb2.Transcript | speech_pb2.AlignedLyrics,
    shown: Reporter,
) -> None:
    """Puts lines and summary into ``found``, and shows the progress."""
    with closing(events):
        for event in events:
            if isinstance(event, evidence_pb2.Progress):
                show_stage(shown, "speech", event)
            elif isinstance(event, speech_pb2.Segment) and isinstance(found, speech_pb2.Transcript):
                found.segments.append(event)
            elif isinstance(event, speech_pb2.AlignedLine) and isinstance(found, speech_pb2.AlignedLyrics):
                found.lines.append(event)
            elif isinstance(event, type(found.summary)):
                found.summary.CopyFrom(event)  # type: ignore[arg-type]  # of its own kind, as the line above says
