"""What ``antiphon generate`` was asked for: checked, and turned into the calls that make it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from google.protobuf.duration_pb2 import Duration

from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon_cli.audio.encodings import ENCODINGS, check_choices, chosen_options
from antiphon_cli.audio.recordings import check_pipe, is_pipe, standard_input

MAX_PROMPT_BYTES = 1 << 20
"""Most that a file of prompts may hold."""


@dataclass(frozen=True)
class Asked:
    """The options of the command, by their names.

    Raises:
        UsageError: options that do not go together, when it is checked.
    """

    prompts: tuple[str, ...]
    prompt_file: Path | None
    seconds: float
    out: Path | None
    play: bool
    form: str | None
    bits: int | None
    bitrate: int | None
    quality: float | None
    rate: int | None
    count: int
    batch: int
    seed: int | None
    model: str
    continued: Path | None
    new_only: bool
    melody: Path | None
    melody_stem: str
    negative: str
    temperature: float | None
    top_k: int | None
    top_p: float | None
    guidance: float | None

    @property
    def clip(self) -> Path | None:
        """The recording to continue or to follow; None where there is none."""
        return self.continued or self.melody

    def check(self, pieces: int) -> None:
        """Refuses what no service could make sense of, before any is asked."""
        if self.out is None and not self.play:
            raise click.UsageError("give --out PATH, --out - for standard output, or --play")
        if self.continued is not None and self.melody is not None:
            raise click.UsageError("give --continue or --melody, not both")
        if self.new_only and self.continued is None:
            raise click.UsageError("--new-only goes with --continue")
        if self.melody_stem and self.melody is None:
            raise click.UsageError("--melody-stem goes with --melody")
        check_pipe(self.continued, self.melody, self.prompt_file)
        if pieces > 1 and (self.play or str(self.out) == "-"):
            raise click.UsageError(f"{pieces} pieces cannot go to one player or output; give --out FOLDER alone")
        check_choices(self.extension(), self.bits, self.bitrate, self.quality)

    def extension(self) -> str:
        """Returns the format of the audio, as a file is named."""
        named = "" if self.out is None else self.out.suffix.removeprefix(".").lower()
        if self.form is None and named and named not in ENCODINGS and not (self.out is not None and self.out.is_dir()):
            known = ", ".join(sorted(ENCODINGS))
            raise click.UsageError(f"--out {self.out}: no format is called {named}; give one of {known}, or --format")
        extension = self.form or (named if named in ENCODINGS else "wav")
        if self.play and extension != "wav":
            raise click.UsageError(f"--play plays wav, not {extension}")
        if str(self.out) == "-" and extension == "m4a":
            raise click.UsageError("m4a can be read once it is a whole file; give --out FILE, or another --format")
        return extension

    def all_prompts(self) -> tuple[str, ...]:
        """Returns those of the command line, then those of the file, one on each line that is not blank."""
        if self.prompt_file is None:
            return self.prompts
        name = click.format_filename(self.prompt_file)
        try:
            if is_pipe(self.prompt_file):
                data = standard_input().read(MAX_PROMPT_BYTES + 1)
            else:
                with self.prompt_file.open("rb") as stream:
                    data = stream.read(MAX_PROMPT_BYTES + 1)
            lines = data.decode("utf-8-sig").splitlines()
        except OSError as error:
            raise click.UsageError(f"--prompts {name}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise click.UsageError(f"--prompts {name}: is no text in UTF-8 (byte {error.start})") from error
        found = tuple(line.strip() for line in lines if line.strip())
        if len(data) > MAX_PROMPT_BYTES or not found:
            size = "more than a megabyte" if found else "no prompt"
            raise click.UsageError(f"--prompts {name}: holds {size}; give one prompt on each line")
        return self.prompts + found

    def configs(self, prompts: tuple[str, ...], extension: str) -> Iterator[pb.GenerationConfig]:
        """Yields one config for each call; the seeds go on from call to call."""
        length = Duration()
        length.FromNanoseconds(round(self.seconds * 1e9))
        role = pb.AUDIO_ROLE_UNSPECIFIED
        if self.clip is not None:
            role = pb.AUDIO_ROLE_CONTINUATION if self.continued is not None else pb.AUDIO_ROLE_MELODY
        at_once = max(1, self.batch // self.count)
        for first in range(0, max(1, len(prompts)), at_once):
            yield pb.GenerationConfig(
                model=self.model,
                prompts=prompts[first : first + at_once],
                pieces_per_prompt=self.count,
                duration=length,
                audio_role=role,
                include_clip=self.continued is not None and not self.new_only,
                negative_prompt=self.negative,
                temperature=self.temperature,
                top_k=self.top_k,
                top_p=self.top_p,
                guidance_scale=self.guidance,
                seed=None if self.seed is None else (self.seed + first * self.count) % (1 << 63),
                output_encoding=ENCODINGS[extension],
                output_options=chosen_options(self.bits, self.bitrate, self.quality),
                sample_rate_hertz=self.rate,
            )
