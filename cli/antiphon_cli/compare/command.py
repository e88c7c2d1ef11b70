"""``antiphon compare``: the same questions to two models or more, about one recording or a set of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import click

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.audio.recordings import opened
from antiphon_cli.compare import document, report_text
from antiphon_cli.compare.comparison import Comparison, over_all
from antiphon_cli.compare.markdown import as_markdown
from antiphon_cli.compare.options import question_options, report_options, side_options
from antiphon_cli.compare.request import Item, check, item_of, names, side_of
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt
from antiphon_cli.outputs import standard
from antiphon_cli.outputs.names import LONGEST_BYTES, component, numbered
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.records import json_text
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.outputs.safe_file import write_file
from antiphon_cli.progress import reporter, show_stage
from antiphon_cli.prompting import prompts_of, sampling_of
from antiphon_cli.terminal import plain, remark, shown_name
from antiphon_client import SyncClient


@click.command(epilog=exits.HELP)
@side_options
@question_options
@report_options
@existing_options()
@connection_options({"llm_audio": "The llm_audio service."}, longest="one file", quiet="Show no progress.")
def compare(
    files: tuple[Path, ...],
    facts: Path | None,
    out: Path | None,
    resamples: int,
    connection: Connection,
    rules: Rules,
    **given: Any,
) -> int:
    """Put the same questions to two models or more, and tell how far their answers agree and what they cost.

    A FILE is a recording, - one on standard input; one that ends in .json is facts to write from, without a recording.
    Over several files the report gives the mean of each measure with a 95 % interval by the paired bootstrap.

    \b
    Examples:
      antiphon compare song.mp3 \\
        --a music-flamingo-gguf/mf-q8 --b music-flamingo-gguf/mf-iq3
      antiphon compare songs/*.mp3 --facts records/ --out report \\
        --a music-flamingo-gguf/mf-q8 --b text-gguf
      antiphon compare record.json --prompt technical \\
        --a text-gguf --b text-gguf,temperature=0.8,seed=3
    """
    config = _config(given)
    check(files, facts)
    reports = [out / "report.json", out / "report.md"] if out is not None else []
    for path in reports:
        rules.check(path)
    found: list[tuple[str, Comparison]] = []
    with exits.terminable(), connection.open() as client:
        job = _Job(client, connection, config, facts, len(files) > 1, out, rules, found)
        code = job.all(list(zip(files, names(files), _file_names(files), strict=True)))
    if not found or code == exits.UNREACHABLE:
        return code
    pairs = over_all([each for _, each in found], [side.name for side in config.sides], resamples=resamples)
    if len(found) > 1:
        standard.tell(report_text.many(pairs, resamples), newline=False)
    if out is not None:
        write_file(reports[0], json_text(document.as_data(found, pairs, resamples)).encode(), rules, out)
        write_file(reports[1], as_markdown(found, pairs, resamples).encode(errors="replace"), rules, out)
        if not connection.quiet:
            remark(f"the report is in {shown_name(reports[1])}")
    return code


def _file_names(files: tuple[Path, ...]) -> list[str]:
    """Names of the files with the whole answers, none of which is the report's."""
    safe = [PurePath(component(name, LONGEST_BYTES - len(".json"))) for name in ("report", *names(files))]
    return [f"{each}.json" for each in numbered(safe, LONGEST_BYTES - len(".json"))][1:]


def _config(given: dict[str, Any]) -> llm_audio_pb2.ComparisonConfig:
    """The config of every call, but for the facts."""
    texts = [text for name in "abcd" if (text := given[f"side_{name}"]) is not None]
    return llm_audio_pb2.ComparisonConfig(
        sides=[side_of(name, text) for name, text in zip("abcd", texts, strict=False)],
        prompts=prompts_of(given["prompts"]),
        sampling=sampling_of(given),
        side_by_side=given["side_by_side"],
    )


@dataclass(frozen=True)
class _Job:
    """Compares on one recording after the other; puts what was found of each into ``found``."""

    client: SyncClient
    connection: Connection
    config: llm_audio_pb2.ComparisonConfig
    facts: Path | None
    named: bool
    out: Path | None
    rules: Rules
    found: list[tuple[str, Comparison]]

    def all(self, items: list[tuple[Path, str, str]]) -> int:
        """Goes through the recordings; a service that cannot be reached ends it, since it costs minutes each."""
        code = exits.OK
        for file, name, whole in items:
            done = attempt(partial(self._one, file, name, whole), plain(name), self.connection, file)
            each = done.code if done.found is None else done.found
            code = max(code, each if each == exits.UNREACHABLE else min(each, exits.FAILED))
            if code == exits.UNREACHABLE:
                break
        return code

    def _one(self, file: Path, name: str, whole: str) -> int:
        place = None if self.out is None else self.out / whole
        if place is not None:
            self.rules.check(place)
        comparison = self._compare(item_of(file, name, self.facts, self.rules))
        standard.tell(report_text.one(name, comparison), newline=False)
        if place is not None:
            write_file(place, json_text(document.whole(comparison)).encode(), self.rules, self.out)
        self.found.append((name, comparison))
        return exits.OK if len(comparison.summary.answered) >= 2 else exits.FAILED

    def _compare(self, item: Item) -> Comparison:
        asked = llm_audio_pb2.ComparisonConfig()
        asked.CopyFrom(self.config)
        asked.facts_json = item.facts_json
        audio = None if item.audio is None else opened(item.audio)
        comparison, quiet = Comparison(), self.connection.quiet
        if self.named and not quiet:
            remark(f"{plain(item.name)}:")
        with reporter(quiet) as shown, closing(self.client.compare(audio, asked)) as events:
            for event in events:
                if isinstance(event, llm_audio_pb2.SideProgress):
                    show_stage(shown, event.side, event.progress)
                comparison.accept(event)
        return comparison
