"""``antiphon generate``: words in, music out while it is made."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click

from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_cli import exits
from antiphon_cli.audio.encodings import ENCODINGS
from antiphon_cli.audio.recordings import is_pipe, opened, standard_input
from antiphon_cli.connection import Connection, connection_options
from antiphon_cli.each_file import attempt
from antiphon_cli.explain import exit_code, explain
from antiphon_cli.generate.options import music_options, piece_options
from antiphon_cli.generate.pieces import Outputs, receive, tell
from antiphon_cli.generate.request import Asked
from antiphon_cli.outputs.options import existing_options
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.progress import reporter
from antiphon_cli.separate.stems import StemFiles, receive_stems
from antiphon_cli.terminal import plain
from antiphon_client import AntiphonClientError


@click.command(epilog=exits.HELP)
@piece_options
@music_options
@existing_options()
@connection_options(
    {"generation": "The generation service.", "separation": "The separation service, for --melody-stem."},
    longest="all pieces together",
    quiet="Show no progress, no seeds and no warnings.",
)
def generate(connection: Connection, rules: Rules, **given: Any) -> int:
    """Make music from words, a piece for each PROMPT; without one, whatever comes to the model's mind.

    The seeds are printed; with one of them and the same settings the same model makes the same music again. How tokens
    are chosen is up to the model where nothing is said: MusicGen's temperature is 1, top-k 250, guidance 3.

    \b
    Examples:
      antiphon generate "warm lo-fi piano, 80 bpm" --seconds 20 --out piano.wav
      antiphon generate "string quartet" "surf rock" --out pieces/
      antiphon generate "brass band" --continue intro.flac --out song.wav
      antiphon generate --prompts ideas.txt --count 2 --seed 1 --out pieces/
      antiphon generate "8-bit chiptune" --melody whistled.m4a \\
        --model musicgen-melody --out game.wav
      antiphon generate "brass band" --melody song.mp3 --melody-stem vocals \\
        --model musicgen-melody --out brass.wav
      antiphon generate "rain on a tin roof, ambient" --seconds 120 --play
    """
    asked = Asked(**given)
    prompts, extension = asked.all_prompts(), asked.extension()
    count = max(1, len(prompts)) * asked.count
    asked.check(count)
    outputs = Outputs(asked.out, extension, asked.play, count, rules)
    outputs.check()
    with exits.terminable():
        return attempt(lambda: _make(asked, prompts, outputs, connection), "", connection, asked.clip).code


def _make(asked: Asked, prompts: tuple[str, ...], outputs: Outputs, connection: Connection) -> None:
    """Asks for all pieces, batch by batch."""
    with ExitStack() as stack:
        client = stack.enter_context(connection.open())
        clip = _stem(asked, connection.to("separation"), stack) if asked.melody_stem else _clip(asked)
        done = 0
        for config in asked.configs(prompts, outputs.extension):
            with reporter(connection.quiet) as shown:
                summary = receive(client, config, clip, outputs, done, shown)
            done += len(summary.pieces)
            if not connection.quiet:
                tell(summary, model=done >= outputs.count)


def _clip(asked: Asked) -> Path | bytes | None:
    """What is continued or followed; of standard input all of it, since every batch is sent it again."""
    if asked.clip is None or not is_pipe(asked.clip):
        return asked.clip
    return standard_input().read()


def _stem(asked: Asked, connection: Connection, stack: ExitStack) -> Path:
    """The stem whose tune is followed, as a file that goes with the stack."""
    assert asked.melody is not None
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="antiphon-")))
    config = separation_pb2.SeparationConfig(stems=[asked.melody_stem], output_encoding=ENCODINGS["flac"])
    with connection.open() as client, reporter(connection.quiet) as shown:
        try:
            with StemFiles(folder, Rules()) as files, closing(client.separate(opened(asked.melody), config)) as events:
                _, paths = receive_stems(events, files, shown)
        except AntiphonClientError as error:
            said = explain(error, connection.service, connection.target)
            raise exits.Failure(f"{click.format_filename(asked.melody)}: {said}", exit_code(error)) from error
    if not paths:
        raise exits.Failure(f"the separation service at {connection.target} sent no stem {plain(asked.melody_stem)}")
    return paths[0]
