"""``antiphon analyze``: files in, a summary or JSON out, stems on the side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli import exits
from antiphon_cli.explain import explain
from antiphon_cli.local import local_gateway
from antiphon_cli.options import READABLE_FILE, tls_options
from antiphon_cli.progress import reporter
from antiphon_cli.record_json import to_document, to_text
from antiphon_cli.settings_file import merge, read
from antiphon_cli.stack.state import write_atomically
from antiphon_cli.stems import ENCODINGS, StemFiles, stem_folders
from antiphon_cli.summary import plain, summarise
from antiphon_client.connection import DEFAULT_TIMEOUT_SECONDS
from antiphon_client.errors import AntiphonClientError
from antiphon_client.sync import SyncClient
from antiphon_wire.channels import Tls
from antiphon_wire.rpcs import STAGES


@dataclass(frozen=True)
class _Job:
    client: SyncClient
    settings: dict[str, Any]
    quiet: bool
    named: bool
    every_feature: bool


@click.command(epilog=exits.HELP)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=READABLE_FILE)
@click.option("--only", metavar="STAGES", help=f"Run these stages only, separated by commas: {', '.join(STAGES)}.")
@click.option(
    "--json", "json_path", metavar="PATH", help="Write the record as JSON to PATH; - is stdout, and nothing else there."
)
@click.option(
    "--stems",
    "stems_folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the stems to DIR.",
)
@click.option(
    "--stem-format",
    type=click.Choice(sorted(ENCODINGS)),
    default="flac",
    show_default=True,
    help="Format of the stems.",
)
@click.option(
    "--language", metavar="CODE", default="", help="Language of the words, such as en; detected where not given."
)
@click.option(
    "--model", "models", metavar="STAGE=NAME", multiple=True, help="Model of a stage; may be given once for each stage."
)
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=READABLE_FILE,
    help='Further settings of the stages, a JSON file such as {"essentia": {"min_bpm": 60, "melody": true}}; the names '
    "are those of the stages' config messages in protos/. Options win over it.",
)
@click.option(
    "--features/--no-features",
    "every_feature",
    default=None,
    help="Print what essentia measured, group by group; done by default with --only essentia.",
)
@click.option(
    "--gateway",
    envvar="ANTIPHON_GATEWAY",
    metavar="HOST:PORT",
    default=local_gateway,
    show_default="the one that antiphon up started, else 127.0.0.1:50050",
    help="The gateway.",
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
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def analyze(
    files: tuple[Path, ...],
    only: str | None,
    json_path: str | None,
    stems_folder: Path | None,
    stem_format: str,
    language: str,
    models: tuple[str, ...],
    settings_file: Path | None,
    every_feature: bool | None,
    gateway: str,
    timeout: float,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
) -> int:
    """Analyse audio files and print what was found.

    With several files, the stems of each go to a folder of its own, the JSON is a list of {file, record} or
    {file, error}, and a file that fails does not stop the others.

    \b
    Examples:
      antiphon analyze song.mp3
      antiphon analyze --json - song.mp3 | jq .fusion.tempo
      antiphon analyze --only essentia song.mp3
      antiphon analyze --only separation --stems out/ song.mp3
      antiphon analyze --only essentia --settings ballad.json song.mp3
      antiphon analyze --model speech=whisper-tiny.en --language en talk.wav
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("give --tls-cert and --tls-key together")
    stages = _stages(only)
    if stems_folder is not None and stages and "separation" not in stages:
        raise click.UsageError("--stems needs the stage separation, which --only leaves out")
    chosen = _models(models)
    if every_feature is None:
        every_feature = stages == ("essentia",) and json_path != "-"
    settings = {
        "stages": stages,
        "return_stems": stems_folder is not None,
        "separation": separation_pb2.SeparationConfig(
            model=chosen.get("separation", ""),
            output_encoding=ENCODINGS[stem_format] if stems_folder is not None else 0,  # type: ignore[arg-type]
        ),
        "speech": speech_pb2.TranscriptionConfig(model=chosen.get("speech", ""), language_code=language),
        "essentia": essentia_pb2.AnalysisConfig(include_series=every_feature),
        "llm_audio": llm_audio_pb2.DescriptionConfig(model=chosen.get("llm_audio", "")),
        "timeout_seconds": timeout,
    }
    if settings_file is not None:
        merge(settings, read(settings_file))
    tls = Tls(tls_ca, tls_cert, tls_key) if tls_ca or tls_cert else None
    folders = stem_folders(files, stems_folder)
    results: list[dict[str, Any]] = []
    codes = []
    with exits.terminable(), SyncClient(gateway, tls=tls) as client:
        job = _Job(client, settings, quiet, len(files) > 1 and not quiet, every_feature)
        for path, folder in zip(files, folders, strict=True):
            result, code = _one(job, path, folder, show=json_path != "-")
            results.append(result)
            codes.append(code)
    _write_json(json_path, results)
    failed = [code for code in codes if code != exits.OK]
    if not failed:
        return exits.OK
    return exits.UNREACHABLE if all(code == exits.UNREACHABLE for code in failed) else exits.FAILED


def _one(job: _Job, path: Path, folder: Path | None, show: bool) -> tuple[dict[str, Any], int]:
    name = plain(click.format_filename(path))
    if job.named:
        click.echo(name, err=True)
    try:
        record, stems = _run(job, path, folder)
    except AntiphonClientError as error:
        click.echo(f"antiphon: {name}: {explain(error, 'gateway', job.client.target)}", err=True)
        problem = {"code": error.code, "reason": error.reason, "message": error.message, "metadata": error.metadata}
        return {"file": name, "error": problem}, exits.UNREACHABLE if error.unreachable else exits.FAILED
    except OSError as error:
        message = plain(f"{error.strerror or error}: {click.format_filename(error.filename or path)}")
        click.echo(f"antiphon: {name}: {message}", err=True)
        return {
            "file": name,
            "error": {"code": "INTERNAL", "reason": "FILE", "message": message, "metadata": {}},
        }, exits.FAILED
    if show:
        click.echo(summarise(name, record, stems, job.every_feature))
    fine = all(report.state == record_pb2.STAGE_STATE_SUCCEEDED for report in record.stage_reports)
    return {"file": name, "record": to_document(record)}, exits.OK if fine else exits.FAILED


def _run(job: _Job, path: Path, folder: Path | None) -> tuple[record_pb2.AnalysisRecord, list[Path]]:
    record = record_pb2.AnalysisRecord()
    with ExitStack() as stack:
        files = None if folder is None else stack.enter_context(StemFiles(folder))
        shown = stack.enter_context(reporter(job.quiet))
        for event in stack.enter_context(closing(job.client.analyze(path, **job.settings))):
            shown.accept(event)
            if isinstance(event, record_pb2.AnalysisRecord):
                record = event
            elif files is not None and isinstance(event, separation_pb2.SeparationHeader):
                files.begin(event)
            elif files is not None and isinstance(event, separation_pb2.StemChunk):
                files.write(event)
        lengths = {stem.name: stem.frame_count for stem in record.separation.stems}
        stems = files.commit(lengths) if files is not None and record.HasField("separation") else []
    return record, stems


def _write_json(json_path: str | None, results: Sequence[dict[str, Any]]) -> None:
    if json_path is None:
        return
    if len(results) > 1:
        document: Any = results
    elif "record" in results[0]:
        document = results[0]["record"]
    elif json_path == "-":
        return
    else:
        document = results[0]  # what an older file says must not pass for this run's answer
    if json_path == "-":
        click.echo(to_text(document), nl=False)
        return
    try:
        write_atomically(Path(json_path), to_text(document))
    except OSError as error:
        raise exits.Failure(f"cannot write {click.format_filename(json_path)}: {error.strerror}") from error


def _stages(only: str | None) -> tuple[str, ...]:
    if only is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in only.split(",") if name.strip()))
    if not names or (unknown := [name for name in names if name not in STAGES]):
        raise click.BadParameter(
            f"{unknown[0] if names else only!r} is no stage; choose from {', '.join(STAGES)}", param_hint="--only"
        )
    return names


def _models(given: tuple[str, ...]) -> dict[str, str]:
    with_models = ("separation", "speech", "llm_audio")
    chosen: dict[str, str] = {}
    for text in given:
        stage, equals, name = text.partition("=")
        if not equals or not name or stage not in with_models:
            raise click.BadParameter(
                f"{text!r}: write STAGE=NAME, where STAGE is one of {', '.join(with_models)}", param_hint="--model"
            )
        chosen[stage] = name
    return chosen
