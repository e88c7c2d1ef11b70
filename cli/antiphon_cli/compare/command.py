"""``antiphon compare``: the same questions to two models or more, about one recording or a set of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon_cli import exits
from antiphon_cli.compare import document, report_text
from antiphon_cli.compare.comparison import Comparison, over_all
from antiphon_cli.compare.markdown import as_markdown
from antiphon_cli.compare.options import question_options, report_options, side_options
from antiphon_cli.compare.request import Item, items_of, side_of
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.explain import exit_code, explain
from antiphon_cli.files import json_text, write_text
from antiphon_cli.progress import reporter, show_stage
from antiphon_cli.prompting import prompts_of, sampling_of
from antiphon_cli.terminal import complain, plain
from antiphon_client import AntiphonClientError, SyncClient


@click.command(epilog=exits.HELP)
@side_options
@question_options
@report_options
@connection_options({"llm_audio": "The llm_audio service."}, longest="one file", quiet="Show no progress.")
def compare(
    files: tuple[Path, ...], facts: Path | None, out: Path | None, resamples: int, connection: Connection, **given: Any
) -> int:
    """Put the same questions to two models or more, and tell how far their answers agree and what they cost.

    A FILE is a recording; one that ends in .json is facts to write from, without a recording. Over several files the
    report gives the mean of each measure with a 95 % interval by the paired bootstrap.

    \b
    Examples:
      antiphon compare song.mp3 --a music-flamingo-gguf/mf-q8 --b music-flamingo-gguf/mf-iq3
      antiphon compare songs/*.mp3 --a music-flamingo-gguf/mf-q8 --b text-gguf --facts records/ --out report
      antiphon compare record.json --a text-gguf --b text-gguf,temperature=0.8,seed=3 --prompt technical
    """
    config = _config(given)
    items = items_of(files, facts)
    found: list[tuple[str, Comparison]] = []
    with exits.terminable(), connection.open() as client:
        code = _Job(client, connection, config, len(items) > 1, out, found).all(items)
    if not found or code == exits.UNREACHABLE:
        return code
    pairs = over_all([each for _, each in found], [side.name for side in config.sides], resamples=resamples)
    if len(found) > 1:
        click.echo(report_text.many(pairs, resamples), nl=False)
    if out is not None:
        write_text(out / "report.json", json_text(document.as_data(found, pairs, resamples)))
        write_text(out / "report.md", as_markdown(found, pairs, resamples))
        if not connection.quiet:
            complain(f"the report is in {click.format_filename(out / 'report.md')}")
    return code


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
    named: bool
    out: Path | None
    found: list[tuple[str, Comparison]]

    def all(self, items: list[Item]) -> int:
        """Goes through the recordings; a service that cannot be reached ends it, since it costs minutes each."""
        code = exits.OK
        for item in items:
            code = max(code, self._one(item))
            if code == exits.UNREACHABLE:
                break
        return code

    def _one(self, item: Item) -> int:
        try:
            comparison = self._compare(item)
        except AntiphonClientError as error:
            complain(explain(error, self.connection.service, self.connection.target), plain(item.name))
            return exit_code(error)
        click.echo(report_text.one(item.name, comparison), nl=False)
        self.found.append((item.name, comparison))
        if self.out is not None:
            write_text(self.out / f"{item.name}.json", json_text(document.whole(comparison)))
        return exits.OK if len(comparison.summary.answered) >= 2 else exits.FAILED

    def _compare(self, item: Item) -> Comparison:
        asked = llm_audio_pb2.ComparisonConfig()
        asked.CopyFrom(self.config)
        asked.facts_json = item.facts_json
        comparison, quiet = Comparison(), self.connection.quiet
        if self.named and not quiet:
            click.echo(f"{plain(item.name)}:", err=True)
        with reporter(quiet) as shown, closing(self.client.compare(item.audio, asked)) as events:
            for event in events:
                if isinstance(event, llm_audio_pb2.SideProgress):
                    show_stage(shown, event.side, event.progress)
                comparison.accept(event)
        return comparison
