"""``antiphon separate``: files in, their stems out, with levels."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli import exits
from antiphon_cli.explain import explain
from antiphon_cli.live import ended_by_interrupt
from antiphon_cli.live_audio import open_audio, pcm
from antiphon_cli.local import local_target
from antiphon_cli.options import tls_options
from antiphon_cli.progress import reporter
from antiphon_cli.record_json import to_text
from antiphon_cli.stack.state import write_atomically
from antiphon_cli.stem_pipe import StemPipe
from antiphon_cli.stems import ENCODINGS, StemFiles, receive_stems, stem_folders
from antiphon_cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_wire.channels import Tls
from antiphon_wire.rpcs import SeparateEvent

DEFAULT_SEPARATION = "127.0.0.1:50051"

LIVE_RATE, LIVE_CHANNELS = 44_100, 2
"""What standard input is taken for."""

_INPUT = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
_CLIP_MODES = {"clamp": separation_pb2.CLIP_MODE_CLAMP, "rescale": separation_pb2.CLIP_MODE_RESCALE}


@dataclass(frozen=True)
class _Job:
    client: SyncClient
    config: separation_pb2.SeparationConfig
    timeout: float
    quiet: bool
    named: bool
    live: bool
    piped: bool


@click.command(epilog=exits.HELP)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=_INPUT)
@click.option(
    "-s",
    "--stems",
    metavar="STEMS",
    default="",
    help="Stems wanted, separated by commas; all of the model's where not given. no_vocals is the mix without the "
    "vocals (any stem will do), residual what of the mix is in no stem.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, allow_dash=True, path_type=Path),
    metavar="DIR|-",
    default=Path("separated"),
    show_default=True,
    help="Folder to write <stem>.<format> to; with several files, a folder in it for each. - is standard output, "
    "for one stem.",
)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(sorted(ENCODINGS)),
    default="flac",
    show_default=True,
    help="Format of the stems; m4a is AAC, s16le and f32le are samples without a header.",
)
@click.option(
    "--rate",
    metavar="HZ|keep",
    default="",
    help="Sample rate of the stems, or keep for that of the file; the model's where not given.",
)
@click.option("--start", type=click.FloatRange(min=0), metavar="SECONDS", help="Begin here and not at the start.")
@click.option("--end", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End here.")
@click.option(
    "--clip-mode",
    type=click.Choice(sorted(_CLIP_MODES)),
    default="clamp",
    show_default=True,
    help="What to do about samples beyond full scale: clamp and count them, or rescale all stems by one gain, which "
    "takes twice as long.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Separate while the audio comes: 16-bit stereo at 44.1 kHz on standard input for -, or a WAV, Opus or Vorbis "
    "file at its own pace. Ctrl-C ends a pipe, and what came until then is still separated.",
)
@click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given.")
@click.option(
    "--shifts", type=int, metavar="COUNT", help="Separate so often under random shifts, for the mean (demucs)."
)
@click.option("--overlap", type=float, metavar="SHARE", help="Share of a segment that overlaps the next (demucs).")
@click.option("--segment", type=float, metavar="SECONDS", help="Length of what the model is given at once (demucs).")
@click.option("--seed", type=int, metavar="NUMBER", help="Where the random shifts begin (demucs).")
@click.option(
    "--json",
    "json_path",
    metavar="PATH",
    help="Write the summary as JSON to PATH; - is stdout, and nothing else there.",
)
@click.option(
    "--separation",
    "target",
    envvar="ANTIPHON_SEPARATION",
    metavar="HOST:PORT",
    default=lambda: local_target("separation", DEFAULT_SEPARATION),
    show_default=f"the one that antiphon up started, else {DEFAULT_SEPARATION}",
    help="The separation service.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for each file.",
)
@tls_options
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no warnings.")
def separate(
    files: tuple[Path, ...],
    stems: str,
    out: Path,
    form: str,
    rate: str,
    start: float | None,
    end: float | None,
    clip_mode: str,
    live: bool,
    model: str,
    shifts: int | None,
    overlap: float | None,
    segment: float | None,
    seed: int | None,
    json_path: str | None,
    target: str,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
) -> int:
    """Split songs into their stems.

    The stems are written while they are computed and moved to their names when all are whole. With several files, a
    file that fails does not stop the others.

    \b
    Examples:
      antiphon separate song.mp3
      antiphon separate --stems vocals,no_vocals --out karaoke/ song.mp3
      antiphon separate --format m4a --clip-mode rescale song.wav
      antiphon separate --start 30 --end 60 --rate keep --stems vocals song.flac
      antiphon separate --stems vocals --format wav --out - song.mp3 | antiphon transcribe /dev/stdin
      arecord -t raw -f cd | antiphon separate --live --stems no_vocals --format s16le --out - - | aplay -f cd
    """
    piped = str(out) == "-"
    _check_usage(files, stems, live, piped, start is not None or end is not None or clip_mode == "rescale", json_path)
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    config = separation_pb2.SeparationConfig(
        model=model,
        stems=[name.strip() for name in stems.split(",") if name.strip()],
        output_encoding=ENCODINGS[form],
        clip_mode=_CLIP_MODES[clip_mode],
        shifts=shifts,
        overlap=overlap,
        seed=seed,
    )
    if segment is not None:
        config.segment.FromNanoseconds(round(segment * 1e9))
    _put_rate(config, rate)
    _put_clip(config, start, end)
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    results: list[dict[str, Any]] = []
    codes = []
    with exits.terminable(), SyncClient(target, tls=tls) as client:
        job = _Job(client, config, timeout, quiet, len(files) > 1 and not quiet, live, piped)
        for path, folder in zip(files, stem_folders(files, out), strict=True):
            assert folder is not None
            result, code = _one(job, path, folder, show=json_path != "-")
            results.append(result)
            codes.append(code)
    if json_path is not None:
        _write_json(json_path, results)
    failed = [code for code in codes if code != exits.OK]
    if not failed:
        return exits.OK
    return exits.UNREACHABLE if all(code == exits.UNREACHABLE for code in failed) else exits.FAILED


def _check_usage(
    files: Sequence[Path], stems: str, live: bool, piped: bool, whole: bool, json_path: str | None
) -> None:
    if not live and any(str(path) == "-" for path in files):
        raise click.UsageError("- is audio as it comes: give --live too, or a file")
    if live and (len(files) > 1 or whole):
        raise click.UsageError("--live takes one source, and goes without --start, --end and --clip-mode rescale")
    if piped and (len(files) > 1 or "," in stems or not stems.strip() or json_path == "-"):
        raise click.UsageError("--out - is for one file and one stem, named by --stems, and goes without --json -")


def _put_rate(config: separation_pb2.SeparationConfig, rate: str) -> None:
    if rate == "keep":
        config.keep_sample_rate = True
    elif rate:
        if not rate.isascii() or not rate.isdigit() or len(rate) > 6:
            raise click.BadParameter(f"{rate!r}: give a number of Hz, such as 48000, or keep", param_hint="--rate")
        config.output_sample_rate_hertz = int(rate)


def _put_clip(config: separation_pb2.SeparationConfig, start: float | None, end: float | None) -> None:
    if end is not None and end <= (start or 0):
        raise click.UsageError(f"--end {end:g} must come after --start {start or 0:g}")
    if start is not None:
        config.clip.start_offset.FromNanoseconds(round(start * 1e9))
    if end is not None:
        config.clip.end_offset.FromNanoseconds(round(end * 1e9))


def _one(job: _Job, path: Path, folder: Path, show: bool) -> tuple[dict[str, Any], int]:
    name = plain(click.format_filename(path))
    if job.named:
        click.echo(name, err=True)
    try:
        summary, paths = _run(job, path, folder)
    except AntiphonClientError as error:
        click.echo(f"antiphon: {name}: {explain(error, 'separation service', job.client.target)}", err=True)
        problem = {"code": error.code, "reason": error.reason, "message": error.message, "metadata": error.metadata}
        return {"file": name, "error": problem}, exits.UNREACHABLE if error.unreachable else exits.FAILED
    except OSError as error:
        message = plain(f"{error.strerror or error}: {click.format_filename(error.filename or path)}")
        click.echo(f"antiphon: {name}: {message}", err=True)
        problem = {"code": "INTERNAL", "reason": "FILE", "message": message, "metadata": {}}
        return {"file": name, "error": problem}, exits.FAILED
    if not job.quiet:
        for warning in summary.warnings:
            click.echo(f"antiphon: {name}: {warning.reason}: {plain(warning.message)}", err=True)
    if show and not (job.piped and job.quiet):
        click.echo("\n".join(_lines(summary, paths)), err=job.piped)
    document = json_format.MessageToDict(summary, preserving_proto_field_name=True)
    return {"file": name, "stems": [str(each) for each in paths], "summary": document}, exits.OK


def _run(job: _Job, path: Path, folder: Path) -> tuple[separation_pb2.SeparationSummary, list[Path]]:
    with ExitStack() as stack:
        files: StemPipe | StemFiles = StemPipe(sys.stdout.buffer) if job.piped else StemFiles(folder)
        stack.enter_context(files)
        shown = stack.enter_context(reporter(job.quiet))
        return receive_stems(_events(job, path, stack), files, shown)


def _events(job: _Job, path: Path, stack: ExitStack) -> Iterator[SeparateEvent]:
    """The call's events, until ``stack`` ends it."""
    if not job.live:
        return stack.enter_context(closing(job.client.separate(path, job.config, timeout_seconds=job.timeout)))
    stop, config = threading.Event(), separation_pb2.SeparationConfig()
    config.CopyFrom(job.config)
    audio_format, chunks = open_audio(path, stop, "separate", pcm(LIVE_RATE, LIVE_CHANNELS))
    config.audio_format.CopyFrom(audio_format)
    piped = str(path) == "-"
    if piped and not job.quiet:
        click.echo("listening to standard input; Ctrl-C ends", err=True)
    stack.enter_context(ended_by_interrupt(stop, piped))
    return stack.enter_context(closing(job.client.separate_live(chunks, config, timeout_seconds=job.timeout)))


def _lines(summary: separation_pb2.SeparationSummary, paths: Sequence[Path]) -> Iterator[str]:
    """One line for each stem, then what made them."""
    for stem in summary.stems:
        path = next((each for each in paths if each.name.rpartition(".")[0] == stem.name), None)
        facts = [plain(click.format_filename(path)) if path is not None else plain(stem.name)]
        if stem.HasField("peak_dbfs"):
            facts.append(f"peak {stem.peak_dbfs:.1f} dBFS")
        if stem.HasField("integrated_lufs"):
            facts.append(f"{stem.integrated_lufs:.1f} LUFS")
        if stem.HasField("energy_share"):
            facts.append(f"{100 * stem.energy_share:.1f} % of the energy")
        if not stem.HasField("peak_dbfs"):
            facts.append("silent")
        if stem.clipped_sample_count:
            facts.append(f"{stem.clipped_sample_count} samples clipped; see --clip-mode rescale")
        yield ", ".join(facts)
    made = summary.provenance
    by = f"{made.model.name}, licence {made.model.license_spdx or 'unknown'}" if made.HasField("model") else made.engine
    gain = f", gain {summary.gain_db:.2f} dB" if summary.HasField("gain_db") else ""
    yield plain(f"by {by}, on {made.device}{gain}")


def _write_json(json_path: str, results: Sequence[dict[str, Any]]) -> None:
    document: Any = results if len(results) > 1 else results[0]
    if json_path == "-":
        click.echo(to_text(document), nl=False)
        return
    try:
        write_atomically(Path(json_path), to_text(document))
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(json_path)}: {error.strerror}") from error
