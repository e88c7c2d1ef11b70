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
from antiphon_cli.prompting import read_facts


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
            json_format.ParseDict({key: json.loads(value)}, side.sampling)
        except (json_format.ParseError, ValueError) as error:
            known = ", ".join(field.name for field in llm_audio_pb2.Sampling.DESCRIPTOR.fields)
            raise click.BadParameter(f"{setting!r}: {error}; there are {known}", param_hint=f"--{name}") from error
    return side


def items_of(files: Sequence[Path], facts: Path | None) -> list[Item]:
    """Gives each recording its facts; a file that ends in .json is facts alone.

    Args:
        files: Recordings and files of facts.
        facts: Facts of the one recording, or a folder with those of each; None for none.

    Raises:
        UsageError: one file of facts is given for several recordings.
        Failure: a recording has no facts in the folder, or they cannot be read.
    """
    recordings = [file for file in files if not _is_facts(file)]
    if facts is not None and facts.is_file() and len(recordings) != 1:
        raise click.UsageError(f"--facts is one file, and there are {len(recordings)} recordings; give a folder")
    return [_item(file, _name(file, files), facts) for file in files]


def _item(file: Path, name: str, facts: Path | None) -> Item:
    if _is_facts(file):
        return Item(name.removesuffix(file.suffix), None, read_facts(file))
    path = facts / f"{file.stem}.json" if facts is not None and facts.is_dir() else facts
    if path is not None and not path.is_file():
        raise exits.Failure(f"there are no facts for {click.format_filename(file)}: no {click.format_filename(path)}")
    return Item(name, file, "" if path is None else read_facts(path))


def _is_facts(file: Path) -> bool:
    return file.suffix.lower() == ".json"


def _name(file: Path, files: Sequence[Path]) -> str:
    """The file's name, with that of its folder where another is called the same."""
    return file.name if sum(each.name == file.name for each in files) == 1 else "_".join(file.parts[-2:])
