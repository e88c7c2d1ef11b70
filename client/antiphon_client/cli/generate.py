"""``antiphon generate``: words in, music out while it is made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import click
from google.protobuf.duration_pb2 import Duration

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon_client.cli import exits
from antiphon_client.cli.local import local_target
from antiphon_client.cli.pieces import FileSink, Player, Sink, StandardOutput
from antiphon_client.cli.progress import Reporter, reporter
from antiphon_client.cli.stems import ENCODINGS
from antiphon_client.cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS, Tls
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient

DEFAULT_GENERATION = "127.0.0.1:50054"

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@dataclass(frozen=True)
class _Outputs:
    out: Path | None
    extension: str
    play: bool

    def open(self, stack: ExitStack, pieces: int) -> Iterator[list[Sink]]:
        """Opens the sinks of each piece."""
        for piece in range(pieces):
            sinks: list[Sink] = []
            if self.out is not None and str(self.out) == "-":
                sinks.append(stack.enter_context(StandardOutput()))
            elif self.out is not None:
                alone = pieces == 1 and not self.out.is_dir()
                path = self.out if alone else self.out / f"piece-{piece + 1}.{self.extension}"
                sinks.append(stack.enter_context(FileSink(path, self.extension)))
            if self.play:
                sinks.append(stack.enter_context(Player()))
            yield sinks


@click.command(epilog=exits.HELP)
@click.argument("prompts", nargs=-1, metavar="[PROMPT]...")
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
@click.option("--count", type=int, default=1, show_default=True, help="Pieces for each prompt.")
@click.option("--seed", type=int, help="Seed of the first piece; the same seed gives the same music.")
@click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given.")
@click.option("--continue", "continued", type=_FILE, metavar="FILE", help="Go on where this recording ends.")
@click.option("--new-only", is_flag=True, help="With --continue: leave out what was heard of the recording.")
@click.option("--melody", type=_FILE, metavar="FILE", help="Follow the tune of this recording, or stem of one.")
@click.option("--negative", default="", metavar="TEXT", help="What the music is not to be.")
@click.option("--temperature", type=float, help="Boldness of the choice of each token; 1 where not given, 0 for none.")
@click.option("--top-k", type=int, help="Tokens to choose from; 250 where not given, 0 for all.")
@click.option("--top-p", type=float, help="Choose from the fewest tokens of this probability; 1 where not given.")
@click.option("--guidance", type=float, help="How closely to follow the prompt, 1 to 20; 3 where not given.")
@click.option(
    "--generation",
    "target",
    envvar="ANTIPHON_GENERATION",
    metavar="HOST:PORT",
    help=f"The generation service; that of this machine where not given, else {DEFAULT_GENERATION}.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for all pieces together.",
)
@click.option("--tls-ca", type=_FILE, help="Encrypt, and trust the certificates of this PEM file.")
@click.option("--tls-cert", type=_FILE, help="Certificate to show to the service, PEM.")
@click.option("--tls-key", type=_FILE, help="Private key of that certificate, PEM.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, no seeds and no warnings.")
def generate(
    prompts: tuple[str, ...],
    seconds: float,
    out: Path | None,
    play: bool,
    form: str | None,
    rate: int | None,
    count: int,
    seed: int | None,
    model: str,
    continued: Path | None,
    new_only: bool,
    melody: Path | None,
    negative: str,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    guidance: float | None,
    target: str | None,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
) -> int:
    """Make music from words, a piece for each PROMPT; without one, whatever comes to the model's mind.

    The seeds are printed; with one of them and the same settings the same model makes the same music again.

    \b
    Examples:
      antiphon generate "warm lo-fi piano, 80 bpm" --seconds 20 --out piano.wav
      antiphon generate "string quartet" "surf rock" --out pieces/
      antiphon generate "brass band" --continue intro.flac --out song.wav
      antiphon generate "8-bit chiptune" --melody whistled.m4a --model musicgen-melody --out game.wav
      antiphon generate "rain on a tin roof, ambient" --seconds 120 --play
    """
    extension = _extension(out, form, play)
    _check_usage(out, play, continued, melody, max(1, len(prompts)) * count, (tls_cert, tls_key))
    if not math.isfinite(seconds) or not 0 < seconds < 1e6:
        raise click.UsageError(f"--seconds is {seconds:g}; give the length of the new audio")
    length = Duration()
    length.FromNanoseconds(round(seconds * 1e9))
    config = pb.GenerationConfig(
        model=model,
        prompts=prompts,
        pieces_per_prompt=count,
        duration=length,
        audio_role=_role(continued, melody),
        include_clip=continued is not None and not new_only,
        negative_prompt=negative,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        guidance_scale=guidance,
        seed=seed,
        output_encoding=ENCODINGS[extension],  # type: ignore[arg-type]
        sample_rate_hertz=rate,
    )
    outputs = _Outputs(out, extension, play)
    target = target or local_target("generation", DEFAULT_GENERATION)
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    with exits.terminable(), SyncClient(target, tls=tls, timeout_seconds=timeout) as client:
        try:
            with reporter(quiet) as shown:
                summary = _receive(client, config, continued or melody, outputs, shown)
        except AntiphonClientError as error:
            return _explain(error, target)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise exits.Failure(f"{click.format_filename(str(out))}: {error.strerror or error}") from error
    if not quiet:
        _tell(summary)
    return exits.OK


def _receive(
    client: SyncClient, config: pb.GenerationConfig, clip: Path | None, outputs: _Outputs, shown: Reporter
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
                sinks = list(outputs.open(stack, len(event.seeds)))
            elif isinstance(event, pb.PieceChunk):
                for sink in sinks[event.piece]:
                    sink.write(event.chunk.data)
            else:
                summary = event
        for piece in summary.pieces:
            for sink in sinks[piece.piece]:
                sink.finish(piece.frame_count)
    return summary


def _check_usage(
    out: Path | None,
    play: bool,
    continued: Path | None,
    melody: Path | None,
    pieces: int,
    certificate: tuple[Path | None, Path | None],
) -> None:
    if out is None and not play:
        raise click.UsageError("give --out PATH, --out - for standard output, or --play")
    if continued is not None and melody is not None:
        raise click.UsageError("give --continue or --melody, not both")
    if pieces > 1 and (play or str(out) == "-"):
        raise click.UsageError(f"{pieces} pieces cannot go to one player or output; give --out FOLDER alone")
    if (certificate[0] is None) != (certificate[1] is None):
        raise click.UsageError("give --tls-cert and --tls-key together")


def _extension(out: Path | None, form: str | None, play: bool) -> str:
    named = "" if out is None else out.suffix.removeprefix(".").lower().replace("ogg", "opus")
    if form is None and named and named not in ENCODINGS and not (out is not None and out.is_dir()):
        known = ", ".join(sorted(ENCODINGS))
        raise click.UsageError(f"--out {out}: no format is called {named}; give one of {known}, or --format")
    extension = form or (named if named in ENCODINGS else "wav")
    if play and extension != "wav":
        raise click.UsageError(f"--play plays wav, not {extension}")
    return extension


def _role(continued: Path | None, melody: Path | None) -> pb.AudioRole:
    if continued is not None:
        return pb.AUDIO_ROLE_CONTINUATION
    return pb.AUDIO_ROLE_MELODY if melody is not None else pb.AUDIO_ROLE_UNSPECIFIED


def _explain(error: AntiphonClientError, target: str) -> int:
    click.echo(f"antiphon: {error}", err=True)
    for field, text in error.fields:
        click.echo(f"  {field}: {text}", err=True)
    if error.reason == "SERVICE_UNREACHABLE":
        click.echo(f"Is the generation service running at {target}? Start it with: antiphon up", err=True)
    return exits.UNREACHABLE if error.unreachable else exits.FAILED


def _tell(summary: pb.GenerationSummary) -> None:
    for warning in summary.warnings:
        click.echo(f"antiphon: {warning.reason}: {plain(warning.message)}", err=True)
    for piece in summary.pieces:
        name = plain(piece.prompt) or "no prompt"
        seconds = piece.frame_count / piece.sample_rate_hertz
        click.echo(f"  {name}: {seconds:.1f} s, seed {piece.seed}", err=True)
    model = summary.provenance.model
    use = "" if model.commercial_use else ", not for commercial use"
    click.echo(f"  {plain(model.name)}, licence of the weights {plain(model.license_spdx)}{use}", err=True)
