"""What is stored of a recording's words, in any of the documents that the command line writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_cli import exits
from antiphon_cli.audio.recordings import is_pipe, standard_input
from antiphon_cli.files import read_text
from antiphon_cli.json_messages import one_line
from antiphon_cli.rendering import Heard

_RIGHT = "give what antiphon analyze --json or antiphon transcribe -f json wrote"
_KINDS = {list: "a list", str: "a text", bool: "a word", type(None): "nothing"}


@dataclass(frozen=True)
class Stored:
    """One document.

    Attributes:
        source: File of the recording, where the document names it; else the document's own.
        document: Plain data.
    """

    source: Path
    document: dict[str, Any]


def read(path: Path) -> list[Stored]:
    """Reads the documents of a file: one, or the lines that ``analyze --json`` writes of several recordings.

    Raises:
        Failure: it cannot be read, or holds no JSON objects.
    """
    text = standard_input().read().decode("utf-8-sig", errors="replace") if is_pipe(path) else read_text(path)
    try:
        documents = list(_documents(text))
    except (ValueError, RecursionError) as error:
        raise exits.Failure(f"this is no record: it is no JSON ({error}); {_RIGHT}") from error
    return [Stored(_source(each, path), each) for each in documents]


def heard(document: dict[str, Any]) -> Heard:
    """Returns the transcript or the lyrics that a document holds.

    Raises:
        Failure: it holds none.
    """
    if "error" in document:
        why = document["error"].get("message") if isinstance(document["error"], dict) else None
        raise exits.Failure(f"there is no record: {why or 'it failed'}")
    record = document.get("record", document)
    found = record.get("speech", record) if isinstance(record, dict) else {}
    found = found if isinstance(found, dict) else {}
    message: Heard = speech_pb2.AlignedLyrics() if "lines" in found else speech_pb2.Transcript()
    if "segments" not in found and "lines" not in found and "summary" not in found:
        raise exits.Failure(f"it holds no words; {_RIGHT}, of a recording that the stage speech heard")
    try:
        json_format.ParseDict(found, message, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError) as error:
        raise exits.Failure(f"its words cannot be read: {one_line(error)}") from error
    return message


def _documents(text: str) -> Iterator[dict[str, Any]]:
    try:
        found = [json.loads(text)]
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        found = [json.loads(line) for line in lines]
    for each in found:
        if not isinstance(each, dict):
            raise exits.Failure(f"this is no record, but {_KINDS.get(type(each), 'a number')} in JSON; {_RIGHT}")
        yield each


def _source(document: dict[str, Any], path: Path) -> Path:
    name = document.get("file")
    return Path(name) if isinstance(name, str) and name.strip("\0") and "\0" not in name else path
