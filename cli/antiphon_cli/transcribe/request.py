"""What ``antiphon transcribe`` was asked for: checked, and turned into the configs of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli.audio.recordings import check_pipe
from antiphon_cli.json_messages import read_text_option
from antiphon_cli.options import clip_range
from antiphon_cli.rendering import Heard, Layout
from antiphon_cli.speakers import check_speakers


@dataclass(frozen=True)
class Asked:
    """The options of the command that say what is wanted, by their names.

    Raises:
        UsageError: options that do not go together, when they are read.
    """

    form: str
    out: str | None
    language: str
    model: str
    translate: bool
    singing: bool
    lyrics: Path | None
    live: bool
    start: float | None
    end: float | None
    beam: int | None
    prompt: str
    hotwords: tuple[str, ...]
    diarize: bool
    speaker_count: int | None
    layout: Layout

    @property
    def at_once(self) -> bool:
        """Whether each line is printed as soon as it is settled: plain text on standard output need not wait."""
        return self.live and self.form == "txt" and self.out is None and self.layout.breaking is None

    def check(self, files: Sequence[Path]) -> None:
        """Refuses what no service could make sense of, before any is asked."""
        if not self.live and not files:
            raise click.UsageError("give a file, - for a recording on standard input, or --live for the microphone")
        if not self.live:
            check_pipe(*files)
        ranged = self.start is not None or self.end is not None
        if self.live and (self.lyrics or self.singing or self.translate or self.hotwords or ranged or self.beam):
            others = "--lyrics, --singing, --translate, --hotword, --start, --end and --beam"
            raise click.UsageError(f"--live goes without {others}")
        if self.diarize and (self.live or self.lyrics):
            raise click.UsageError("--diarize goes without --live and --lyrics")
        check_speakers(self.diarize, self.speaker_count, self.form)
        if self.live and len(files) > 1:
            raise click.UsageError("--live listens to one source")

    def transcription(self) -> speech_pb2.TranscriptionConfig:
        """Returns the config for what is said in a file."""
        return speech_pb2.TranscriptionConfig(
            model=self.model,
            language_code=self.language,
            task=speech_pb2.TASK_TRANSLATE if self.translate else speech_pb2.TASK_TRANSCRIBE,
            voice_activity_detection=not self.singing,
            initial_prompt=self.prompt,
            hotwords=self.hotwords,
            beam_size=self.beam,
            diarize=self.diarize,
            speaker_count=self.speaker_count,
            clip=clip_range(self.start, self.end),
        )

    def alignment(self) -> speech_pb2.AlignmentConfig | None:
        """Returns the config for when the words of ``--lyrics`` are sung; None where there are none.

        Raises:
            BadParameter: the words cannot be read.
        """
        if self.lyrics is None:
            return None
        return speech_pb2.AlignmentConfig(
            model=self.model,
            language_code=self.language,
            lyrics=read_text_option(self.lyrics, "--lyrics"),
            clip=clip_range(self.start, self.end),
        )

    def recognition(self) -> speech_pb2.StreamingRecognitionConfig:
        """Returns the config for what is being said."""
        return speech_pb2.StreamingRecognitionConfig(
            model=self.model, language_code=self.language, initial_prompt=self.prompt
        )

    def render(self, heard: Heard) -> str:
        """Returns what was heard as the text of a file.

        Raises:
            RenderError: it cannot be written in that format.
        """
        return self.layout.render(self.form, heard, self.singing)
