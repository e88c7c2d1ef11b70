"""What ``antiphon separate`` was asked for: checked, and turned into the config of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli.audio.encodings import ENCODINGS, check_choices, chosen_options
from antiphon_cli.audio.recordings import check_pipe
from antiphon_cli.options import clip_range
from antiphon_cli.separate.options import CLIP_MODES

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""The service's own bounds, in Hz, held against them by a test."""


@dataclass(frozen=True)
class Asked:
    """The options of the command that say what is wanted, by their names.

    Raises:
        UsageError: options that do not go together, when they are read.
    """

    stems: str
    out: Path
    form: str
    bits: int | None
    bitrate: int | None
    quality: float | None
    keep_tags: bool
    rate: str
    start: float | None
    end: float | None
    clip_mode: str
    live: bool
    model: str
    shifts: int | None
    overlap: float | None
    segment: float | None
    seed: int | None
    json_path: str | None

    @property
    def piped(self) -> bool:
        """Whether the stem goes to standard output."""
        return str(self.out) == "-"

    def check(self, files: Sequence[Path]) -> None:
        """Refuses what no service could make sense of, before any is asked."""
        whole = self.start is not None or self.end is not None or self.clip_mode == "rescale"
        if not self.live:
            check_pipe(*files)
        if self.live and (len(files) > 1 or whole):
            raise click.UsageError("--live takes one source, and goes without --start, --end and --clip-mode rescale")
        one_stem = bool(self.stems.strip()) and "," not in self.stems
        rate = None if self.rate in ("", "keep") else _hertz(self.rate)
        check_choices(self.form, self.bits, self.bitrate, self.quality, self.keep_tags, rate)
        if self.live and self.keep_tags:
            raise click.UsageError("--live goes without --tags: what is still coming has no tags yet")
        if self.piped and (len(files) > 1 or not one_stem or self.json_path == "-"):
            raise click.UsageError("--out - is for one file and one stem, named by --stems, and goes without --json -")

    def known_outputs(self, folder: Path) -> list[Path | None]:
        """Returns the files of the stems that are asked for by name; None where they are the model's to choose."""
        names = [name.strip() for name in self.stems.split(",") if name.strip()]
        return [folder / f"{name}.{self.form}" for name in names] or [None]

    def config(self) -> separation_pb2.SeparationConfig:
        """Returns the config of every call."""
        config = separation_pb2.SeparationConfig(
            model=self.model,
            stems=[name.strip() for name in self.stems.split(",") if name.strip()],
            output_encoding=ENCODINGS[self.form],
            output_options=chosen_options(self.bits, self.bitrate, self.quality),
            keep_tags=self.keep_tags,
            clip_mode=CLIP_MODES[self.clip_mode],
            shifts=self.shifts,
            overlap=self.overlap,
            seed=self.seed,
            clip=clip_range(self.start, self.end),
        )
        if self.segment is not None:
            config.segment.FromNanoseconds(round(self.segment * 1e9))
        if self.rate == "keep":
            config.keep_sample_rate = True
        elif self.rate:
            config.output_sample_rate_hertz = _hertz(self.rate)
        return config


def _hertz(rate: str) -> int:
    if not rate.isascii() or not rate.isdigit() or len(rate) > 6:
        raise click.BadParameter(f"{rate!r}: give a number of Hz, such as 48000, or keep", param_hint="--rate")
    if not LOWEST_RATE <= int(rate) <= HIGHEST_RATE:
        message = f"{rate} is not in the range {LOWEST_RATE} to {HIGHEST_RATE} Hz, and keep keeps that of the file"
        raise click.BadParameter(message, param_hint="--rate")
    return int(rate)
