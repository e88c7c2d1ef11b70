"""``antiphon generate``: words in, music out while it is made."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli import exits
from antiphon_cli.explain import explain
from antiphon_cli.generate_request import Asked
from antiphon_cli.local import local_target
from antiphon_cli.options import READABLE_FILE, tls_options
from antiphon_cli.pieces import FileSink, Player, Sink, StandardOutput
from antiphon_cli.progress import Reporter, reporter
from antiphon_cli.separate import DEFAULT_SEPARATION
from antiphon_cli.stems import ENCODINGS, StemFiles, receive_stems
from antiphon_cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_wire.channels import Tls

DEFAULT_GENERATION = "127.0.0.1:50054"


@dataclass(frozen=True)
class _Outputs:
    out: Path | None
    extension: str
    play: bool
    pieces: int

    def open(self, stack: ExitStack, first: int, count: int) -> Iterator[list[Sink]]:
        """Opens the sinks of the pieces of one call, the first of which has this number."""
        for piece in range(first, first + count):
            sinks: list[Sink] = []
            if self.out is not None and str(self.out) == "-":
                sinks.append(stack.enter_context(StandardOutput()))
            elif self.out is not None:
                alone = self.pieces == 1 and not self.out.is_dir()
                path = self.out if alone else self.out / f"piece-{piece + 1}.{self.extension}"
                sinks.append(stack.enter_context(FileSink(path, self.extension)))
            if self.play:
                sinks.append(stack.enter_context(Player()))
            yield sinks


@click.command(epilog=exits.HELP)
@click.argument("prompts", nargs=-1, metavar="[PROMPT]...")
@click.option(
    "--prompts",
    "prompt_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="More prompts, one on each line; - for standard input.",
)
@click.option("--seconds", type=float, default=10.0, show_default=True, help="New audio in each piece.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File to write to, folder for several pieces, - for standard output.",
)
@click.option("--play", is_flag=True, help="Play it while it is made (by ffplay, mpv or aplay).")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(sorted(ENCODINGS)),
    help="Format of the audio; that of the file's name, else wav.",
)
@click.option("--rate", type=int, metavar="HZ", help="Sample rate; the model's own where not given.")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="Pieces for each prompt.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Pieces that are made together; more are made one batch after the other.",
)
@click.option("--seed", type=int, help="Seed of the first piece; the same seed gives the same music.")
@click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given.")
@click.option("--continue", "continued", type=READABLE_FILE, metavar="FILE", help="Go on where this recording ends.")
@click.option("--new-only", is_flag=True, help="With --continue: leave out what was heard of the recording.")
@click.option("--melody", type=READABLE_FILE, metavar="FILE", help="Follow the tune of this recording, or stem of one.")
@click.option(
    "--melody-stem",
    metavar="STEM",
    default="",
    help="With --melody: separate the recording first, and follow this stem of it, such as vocals.",
)
@click.option("--negative", default="", metavar="TEXT", help="What the music is not to be.")
@click.option("--temperature", type=float, help="Boldness of the choice of each token, 0 for none.")
@click.option("--top-k", type=int, help="Tokens to choose from, 0 for all.")
@click.option("--top-p", type=float, help="Choose from the fewest tokens of this probability.")
@click.option("--guidance", type=float, help="How closely to follow the prompt, 1 to 20.")
@click.option(
    "--generation",
    "target",
    envvar="ANTIPHON_GENERATION",
    metavar="HOST:PORT",
    help=f"The generation service; that of this machine where not given, else {DEFAULT_GENERATION}.",
)
@click.option(
    "--separation",
    envvar="ANTIPHON_SEPARATION",
    metavar="HOST:PORT",
    help=f"The separation service, for --melody-stem; that of this machine where not given, else {DEFAULT_SEPARATION}.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for all pieces together.",
)
@tls_options
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, no seeds and no warnings.")
def generate(**given: Any) -> int:
    """Make music from words, a piece for each PROMPT; without one, whatever comes to the model's mind.

    The seeds are printed; with one of them and the same settings the same model makes the same music again. How tokens
    are chosen is up to the model where nothing is said: MusicGen's temperature is 1, top-k 250, guidance 3.

    \b
    Examples:
      antiphon generate "warm lo-fi piano, 80 bpm" --seconds 20 --out piano.wav
      antiphon generate "string quartet" "surf rock" --out pieces/
      antiphon generate "brass band" --continue intro.flac --out song.wav
      antiphon generate --prompts ideas.txt --count 2 --seed 1 --out pieces/
      antiphon generate "8-bit chiptune" --melody whistled.m4a --model musicgen-melody --out game.wav
      antiphon generate "brass band" --melody song.mp3 --melody-stem vocals --model musicgen-melody --out brass.wav
      antiphon generate "rain on a tin roof, ambient" --seconds 120 --play
    """
    asked = Asked(**given)
    prompts, extension = asked.all_prompts(), asked.extension()
    pieces = max(1, len(prompts)) * asked.count
    asked.check(pieces)
    target = asked.target or local_target("generation", DEFAULT_GENERATION)
    outputs = _Outputs(asked.out, extension, asked.play, pieces)
    with exits.terminable(), ExitStack() as stack:
        client = stack.enter_context(SyncClient(target, tls=_tls(asked), timeout_seconds=asked.timeout))
        try:
            clip = _stem(asked, stack) if asked.melody_stem else asked.clip
            done = 0
            for config in asked.configs(prompts, extension):
                with reporter(asked.quiet) as shown:
                    summary = _receive(client, config, clip, outputs, done, shown)
                done += len(summary.pieces)
                if not asked.quiet:
                    _tell(summary, model=done >= pieces)
        except AntiphonClientError as error:
            click.echo(f"antiphon: {explain(error, 'generation service', target)}", err=True)
            return exits.UNREACHABLE if error.unreachable else exits.FAILED
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise exits.Failure(f"{click.format_filename(str(asked.out))}: {error.strerror or error}") from error
    return exits.OK


def _tls(asked: Asked) -> Tls | None:
    return Tls(asked.tls_ca, asked.tls_cert, asked.tls_key) if asked.tls_ca or asked.tls_cert else None


def _stem(asked: Asked, stack: ExitStack) -> Path:
    """The stem whose tune is followed, as a file that goes with the stack."""
    assert asked.melody is not None
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="antiphon-")))
    target = asked.separation or local_target("separation", DEFAULT_SEPARATION)
    config = separation_pb2.SeparationConfig(stems=[asked.melody_stem], output_encoding=ENCODINGS["flac"])
    with SyncClient(target, tls=_tls(asked), timeout_seconds=asked.timeout) as client, reporter(asked.quiet) as shown:
        try:
            with StemFiles(folder) as files, closing(client.separate(asked.melody, config)) as events:
                _, paths = receive_stems(events, files, shown)
        except AntiphonClientError as error:
            said = explain(error, "separation service", target)
            code = exits.UNREACHABLE if error.unreachable else exits.FAILED
            raise exits.Failure(f"{click.format_filename(asked.melody)}: {said}", code) from error
    if not paths:
        raise exits.Failure(f"the separation service at {target} sent no stem {plain(asked.melody_stem)}")
    return paths[0]


def _receive(
    client: SyncClient, config: pb.GenerationConfig, clip: Path | None, outputs: _Outputs, first: int, shown: Reporter
) -> pb.GenerationSummary:
    summary = pb.GenerationSummary()
    with ExitStack() as stack:
        sinks: list[list[Sink]] = []
        for event in stack.enter_context(closing(client.generate(config, clip))):
            if isinstance(event, evidence_pb2.Progress):
                if event.phase == evidence_pb2.Progress.PHASE_COMPUTING and event.HasField("audio_done"):
                    event.step = f"{event.audio_done.ToNanoseconds() / 1e9:.1f} s of music"
                shown.accept(analysis_pb2.StageProgress(stage="generation", progress=event))
            elif isinstance(event, pb.GenerationHeader):
                sinks = list(outputs.open(stack, first, len(event.seeds)))
            elif isinstance(event, pb.PieceChunk):
                for sink in sinks[event.piece]:
                    sink.write(event.chunk.data)
            else:
                summary = event
        for piece in summary.pieces:
            for sink in sinks[piece.piece]:
                sink.finish(piece.frame_count)
    return summary


def _tell(summary: pb.GenerationSummary, *, model: bool) -> None:
    """Says what was made, and at the end by which model."""
    for warning in summary.warnings:
        click.echo(f"antiphon: {warning.reason}: {plain(warning.message)}", err=True)
    for piece in summary.pieces:
        name = plain(piece.prompt) or "no prompt"
        seconds = piece.frame_count / piece.sample_rate_hertz
        click.echo(f"  {name}: {seconds:.1f} s, seed {piece.seed}", err=True)
    if model:
        made = summary.provenance.model
        use = "" if made.commercial_use else ", not for commercial use"
        click.echo(f"  {plain(made.name)}, licence of the weights {plain(made.license_spdx)}{use}", err=True)
