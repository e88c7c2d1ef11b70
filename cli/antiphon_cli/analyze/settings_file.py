"""Settings of the stages from a JSON file, in the words of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2

HINT, EXAMPLE = "--settings", '{"essentia": {"min_bpm": 60}}'


def read(path: Path) -> dict[str, Any]:
    """Returns the settings of each stage that the file names, as the stage's config message.

    Raises:
        click.BadParameter: what is no JSON, or names no stage or no setting of one.
    """
    try:
        given = json_format.Parse(path.read_text("utf-8"), analysis_pb2.AnalysisConfig())
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{click.format_filename(path)}: {error}", param_hint=HINT) from error
    found = {}
    for field, value in given.ListFields():
        if field.message_type is None or field.name == "audio_format":
            message = f"{click.format_filename(path)}: {field.name!r} is no stage; write such as {EXAMPLE}"
            raise click.BadParameter(message, param_hint=HINT)
        found[field.name] = value
    return found


def merge(settings: dict[str, Any], given: dict[str, Any]) -> None:
    """Puts ``given`` beneath ``settings``: what an option says wins over what the file says."""
    for stage, message in given.items():
        if settings.get(stage) is not None:
            message.MergeFrom(settings[stage])
        settings[stage] = message
