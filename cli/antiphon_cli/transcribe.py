"""``antiphon transcribe``: recordings in, text, subtitles or lyrics files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import click

import antiphon_renderers as renderers
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli import exits
from antiphon_cli.explain import explain
from antiphon_cli.live import listen
from antiphon_cli.options import READABLE_FILE, tls_options
from antiphon_cli.progress import Reporter, reporter
from antiphon_cli.stack.state import write_atomically
from antiphon_cli.summary import plain
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_renderers.breaking import KINDS as BREAKING
from antiphon_renderers.breaking import MAX_LINE_CHARACTERS, MAX_LINES, MIN_LINE_CHARACTERS
from antiphon_wire.channels import Tls

DEFAULT_SPEECH = "127.0.0.1:50052"


_INPUT = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)

Heard = speech_pb2.Transcript | speech_pb2.AlignedLyrics


@dataclass(frozen=True)
class _Job:
    client: SyncClient
    config: speech_pb2.TranscriptionConfig
    lyrics: str | None
    timeout: float
    quiet: bool
    live: bool
    settled: Callable[[speech_pb2.Segment], None]


@click.command(epilog=exits.HELP)
@click.argument("files", nargs=-1, metavar="FILE...", type=_INPUT)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(sorted(renderers.FORMATS)),
    default="txt",
    show_default=True,
    help="What to write; elrc is LRC with the time of each word.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File to write to, or folder for several files; standard output where not given.",
)
@click.option("--language", metavar="CODE", default="", help="Language spoken, such as en; detected where not given.")
@click.option("--model", metavar="NAME", default="", help="Model; the service's default where not given.")
@click.option("--translate", is_flag=True, help="Write it down in English.")
@click.option("--singing", is_flag=True, help="It is sung: no voice detection, lines broken where the singer pauses.")
@click.option("--lyrics", type=READABLE_FILE, help="Words that are sung, one line to a line: tell when each is.")
@click.option(
    "--live",
    is_flag=True,
    help="Listen while it is spoken: to the microphone where no file is given, to 16-bit mono at 16 kHz on standard "
    "input for -, or to a WAV, Opus or Vorbis file at its own pace. Text comes line by line; Ctrl-C ends it.",
)
@click.option(
    "--start", type=click.FloatRange(min=0), metavar="SECONDS", help="Begin there; times stay those of the file."
)
@click.option("--end", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End there.")
@click.option("--beam", type=click.IntRange(1, 10), help="Hypotheses followed at once, 1 to 10; fewer are quicker.")
@click.option("--prompt", default="", help="Text that came before, to prime spelling and style.")
@click.option("--hotword", "hotwords", multiple=True, metavar="WORD", help="A word or name that is likely to be said.")
@click.option(
    "--breaking",
    type=click.Choice(BREAKING),
    help="Where text is broken: as subtitles, usual for srt and vtt; by segments, usual for the others; as it is sung, "
    "usual with --singing.",
)
@click.option(
    "--line-length",
    type=click.IntRange(MIN_LINE_CHARACTERS),
    default=MAX_LINE_CHARACTERS,
    show_default=True,
    metavar="CHARACTERS",
    help="Longest line of a subtitle, or of what is sung.",
)
@click.option(
    "--lines",
    type=click.IntRange(1),
    default=MAX_LINES,
    show_default=True,
    metavar="COUNT",
    help="Most lines of a subtitle, in srt and vtt.",
)
@click.option("--title", default="", help="Title of the song, for lrc and elrc.")
@click.option("--artist", default="", help="Artist of the song, for lrc and elrc.")
@click.option(
    "--speech",
    "target",
    envvar="ANTIPHON_SPEECH",
    metavar="HOST:PORT",
    default=DEFAULT_SPEECH,
    show_default=True,
    help="The speech service.",
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
def transcribe(
    files: tuple[Path, ...],
    form: str,
    out: Path | None,
    language: str,
    model: str,
    translate: bool,
    singing: bool,
    lyrics: Path | None,
    live: bool,
    start: float | None,
    end: float | None,
    beam: int | None,
    prompt: str,
    hotwords: tuple[str, ...],
    breaking: str | None,
    line_length: int,
    lines: int,
    title: str,
    artist: str,
    target: str,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
) -> int:
    """Write down what is said or sung in audio files.

    With several files, --out is a folder, and a file that fails does not stop the others.

    \b
    Examples:
      antiphon transcribe talk.mp3
      antiphon transcribe --format srt --out talk.srt talk.mp3
      antiphon transcribe --singing --format elrc vocals.flac
      antiphon transcribe --lyrics words.txt --format lrc --out song.lrc vocals.flac
      antiphon transcribe --live
      antiphon transcribe --live talk.wav
      ffmpeg -re -i talk.mp3 -f s16le -ar 16000 -ac 1 - | antiphon transcribe --live -
    """
    ranged = start is not None or end is not None
    _check_usage(files, live, bool(lyrics or singing or translate or hotwords or ranged or beam))
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    config = speech_pb2.TranscriptionConfig(
        model=model,
        language_code=language,
        task=speech_pb2.TASK_TRANSLATE if translate else speech_pb2.TASK_TRANSCRIBE,
        voice_activity_detection=not singing,
        initial_prompt=prompt,
        hotwords=hotwords,
        beam_size=beam,
        clip=_clip(start, end) if ranged else None,
    )
    labels = renderers.Labels(title, artist)
    layout = renderers.Breaking(breaking or ("singing" if singing else None), line_length, lines)
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    inputs: tuple[Path | None, ...] = files or (None,)
    paths = _paths(inputs, out, renderers.FORMATS[form].extension)
    codes = []
    # Plain text on standard output need not wait for the end.
    at_once = live and form == "txt" and out is None and breaking is None
    with exits.terminable(), SyncClient(target, tls=tls) as client:
        job = _Job(
            client,
            config,
            None if lyrics is None else _read(lyrics),
            timeout,
            quiet,
            live,
            _print if at_once else _keep,
        )
        for path, destination in zip(inputs, paths, strict=True):
            heard, code = _one(job, path)
            codes.append(code)
            if heard is not None and not at_once:
                _write(renderers.render(form, heard, labels=labels, breaking=layout), destination)
    failed = [code for code in codes if code != exits.OK]
    if not failed:
        return exits.OK
    return exits.UNREACHABLE if all(code == exits.UNREACHABLE for code in failed) else exits.FAILED


def _print(segment: speech_pb2.Segment) -> None:
    click.echo(renderers.render("txt", speech_pb2.Transcript(segments=[segment])), nl=False)


def _keep(_segment: speech_pb2.Segment) -> None:
    """It is written with the others."""


def _check_usage(files: tuple[Path, ...], live: bool, for_files: bool) -> None:
    if not live and (not files or any(str(path) == "-" for path in files)):
        raise click.UsageError("give a file, or --live to listen to the microphone or to standard input")
    if live and for_files:
        others = "--lyrics, --singing, --translate, --hotword, --start, --end and --beam"
        raise click.UsageError(f"--live goes without {others}")
    if live and len(files) > 1:
        raise click.UsageError("--live listens to one source")


def _clip(start: float | None, end: float | None) -> audio_pb2.ClipRange:
    if start is not None and end is not None and end <= start:
        raise click.UsageError(f"--end {end:g} is not after --start {start:g}")
    clip = audio_pb2.ClipRange()
    if start is not None:
        clip.start_offset.FromNanoseconds(round(start * 1e9))
    if end is not None:
        clip.end_offset.FromNanoseconds(round(end * 1e9))
    return clip


def _one(job: _Job, path: Path | None) -> tuple[Heard | None, int]:
    name = "microphone" if path is None else click.format_filename(path)
    try:
        if job.live or path is None:
            config = speech_pb2.StreamingRecognitionConfig(
                model=job.config.model,
                language_code=job.config.language_code,
                initial_prompt=job.config.initial_prompt,
            )
            heard: Heard = listen(job.client, path, config, job.timeout, job.quiet, job.settled)
        else:
            with reporter(job.quiet) as shown:
                heard = _transcript(job, path, shown) if job.lyrics is None else _aligned(job, path, shown)
    except AntiphonClientError as error:
        click.echo(f"antiphon: {name}: {explain(error, 'speech service', job.client.target)}", err=True)
        return None, exits.UNREACHABLE if error.unreachable else exits.FAILED
    except OSError as error:
        click.echo(f"antiphon: {name}: {error.strerror or error}", err=True)
        return None, exits.FAILED
    if not job.quiet:
        for warning in heard.summary.warnings:
            click.echo(f"antiphon: {name}: {warning.reason}: {plain(warning.message)}", err=True)
    return heard, exits.OK


def _transcript(job: _Job, path: Path, shown: Reporter) -> speech_pb2.Transcript:
    found = speech_pb2.Transcript()
    with ExitStack() as stack:
        events = job.client.transcribe(path, job.config, timeout_seconds=job.timeout)
        for event in stack.enter_context(closing(events)):
            if isinstance(event, evidence_pb2.Progress):
                _show(shown, event)
            elif isinstance(event, speech_pb2.Segment):
                found.segments.append(event)
            elif isinstance(event, speech_pb2.TranscriptionSummary):
                found.summary.CopyFrom(event)
    return found


def _aligned(job: _Job, path: Path, shown: Reporter) -> speech_pb2.AlignedLyrics:
    config = speech_pb2.AlignmentConfig(
        model=job.config.model,
        language_code=job.config.language_code,
        lyrics=job.lyrics or "",
        clip=job.config.clip if job.config.HasField("clip") else None,
    )
    found = speech_pb2.AlignedLyrics()
    with ExitStack() as stack:
        events = job.client.align_lyrics(path, config, timeout_seconds=job.timeout)
        for event in stack.enter_context(closing(events)):
            if isinstance(event, evidence_pb2.Progress):
                _show(shown, event)
            elif isinstance(event, speech_pb2.AlignedLine):
                found.lines.append(event)
            elif isinstance(event, speech_pb2.AlignmentSummary):
                found.summary.CopyFrom(event)
    return found


def _show(shown: Reporter, progress: evidence_pb2.Progress) -> None:
    shown.accept(analysis_pb2.StageProgress(stage="speech", progress=progress))


def _paths(files: tuple[Path | None, ...], out: Path | None, extension: str) -> Iterator[Path | None]:
    """Where each file's text goes: standard output, PATH itself, or a file of its name in the folder PATH."""
    if out is None or (len(files) == 1 and not out.is_dir()):
        yield from (out for _ in files)
        return
    used: set[str] = set()
    for path in files:
        stem = "live" if path is None or str(path) == "-" else path.stem
        name, number = stem, 1
        while name in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(name)
        yield out / f"{name}.{extension}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise exits.Failure(f"cannot read {click.format_filename(path)}: {error}") from error


def _write(text: str, path: Path | None) -> None:
    if path is None:
        click.echo(text, nl=False)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(path)}: {error.strerror}") from error
