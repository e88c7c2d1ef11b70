"""What ``antiphon compare`` was asked for: the sides, and the recordings with their facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from google.protobuf import json_format

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.audio.recordings import check_pipe
from antiphon_cli.json_messages import one_line, what_there_is
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.prompting import read_facts

_SAMPLING = tuple(field.name for field in llm_audio_pb2.Sampling.DESCRIPTOR.fields)


@dataclass(frozen=True)
class Item:
    """One recording and its facts.

    Attributes:
        name: What it is called in the report.
        audio: Its file; None where there are facts alone.
        facts_json: The facts; empty where there are none.
    """

    name: str
    audio: Path | None
    facts_json: str


def side_of(name: str, text: str) -> llm_audio_pb2.Side:
    """Reads a side as typed, such as ``text-gguf/smollm,temperature=0.8``.

    Raises:
        BadParameter: a setting is none of sampling's.
    """
    who, *settings = text.split(",")
    engine, _, model = who.strip().partition("/")
    side = llm_audio_pb2.Side(name=name, engine=engine, model=model)
    for setting in settings:
        key, separator, value = setting.strip().partition("=")
        try:
            if not separator:
                raise json_format.ParseError("give NAME=VALUE")
            if key not in _SAMPLING:
                raise json_format.ParseError(f"no setting is called {key!r}; {what_there_is(key, _SAMPLING)}")
            json_format.ParseDict({key: json.loads(value)}, side.sampling)
        except (json_format.ParseError, ValueError) as error:
            raise click.BadParameter(f"{setting!r}: {one_line(error)}", param_hint=f"--{name}") from error
    return side


def check(files: Sequence[Path], facts: Path | None) -> None:
    """Refuses one file of facts for several recordings, and standard input that is asked for twice.

    Raises:
        UsageError: it is.
    """
    check_pipe(*files)
    recordings = [file for file in files if not is_facts(file)]
    if facts is not None and facts.is_file() and len(recordings) != 1:
        raise click.UsageError(f"--facts is one file, and there are {len(recordings)} recordings; give a folder")


def item_of(file: Path, name: str, facts: Path | None, rules: Rules) -> Item:
    """Gives a recording its facts; a file that ends in .json is facts alone.

    Args:
        file: A recording, or a file of facts.
        name: What it is called in the report.
        facts: Facts of the one recording, or a folder with those of each; None for none.
        rules: Of the outputs, which must not replace what is read here.

    Raises:
        Failure: there are no facts, or they cannot be read.
    """
    if is_facts(file):
        return Item(name, None, read_facts(file))
    path = facts / f"{file.stem}.json" if facts is not None and facts.is_dir() else facts
    if path is not None and not path.is_file():
        raise exits.Failure(f"there are no facts for {click.format_filename(file)}: no {click.format_filename(path)}")
    if path is None:
        return Item(name, file, "")
    rules.protect(path)
    return Item(name, file, read_facts(path))


def names(files: Sequence[Path]) -> list[str]:
    """Returns what each file is called in the report: its name, with that of its folder where that is needed."""
    return [_name(file, files).removesuffix(file.suffix if is_facts(file) else "") for file in files]


def is_facts(file: Path) -> bool:
    """Tells a file of facts from a recording."""
    return file.suffix.lower() == ".json"


def _name(file: Path, files: Sequence[Path]) -> str:
    return file.name if sum(each.name == file.name for each in files) == 1 else "_".join(file.parts[-2:])
