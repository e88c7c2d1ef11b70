"""The program: its commands, and how it ends."""

from __future__ import annotations

import io
import platform
import sys
from collections.abc import Sequence

import click
import google.protobuf
import grpc

from antiphon_cli import exits
from antiphon_cli.analyze.command import analyze
from antiphon_cli.compare.command import compare
from antiphon_cli.describe.command import describe
from antiphon_cli.doctor.command import doctor
from antiphon_cli.explain import explain_file
from antiphon_cli.generate.command import generate
from antiphon_cli.models.command import models
from antiphon_cli.outputs import standard
from antiphon_cli.render.command import render
from antiphon_cli.separate.command import separate
from antiphon_cli.status.command import status
from antiphon_cli.terminal import complain, fitted, remark
from antiphon_cli.transcribe.command import transcribe
from antiphon_cli.up import down, up
from antiphon_client.version import VERSION

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(context_settings=_CONTEXT, epilog=exits.HELP)
def cli() -> None:
    """Antiphon listens to audio with several models at once and answers in one record.

    \b
    Examples:
      antiphon models pull starter      install the models to begin with
      antiphon up                       start the services of this machine
      antiphon analyze song.mp3         ask all of them about a file
      antiphon separate song.mp3        split it into its stems
      antiphon transcribe talk.mp3      write down what is said in it
      antiphon generate "surf rock" --out surf.wav   make music from words
      antiphon describe song.mp3        have it described in prose
      antiphon compare song.mp3 --a NAME --b NAME   hold two models together
      antiphon down                     stop the services
    """


@cli.command()
def version() -> None:
    """Print the versions of this client and of what it runs on.

    \b
    Examples:
      antiphon version
    """
    click.echo(f"antiphon {VERSION}")
    click.echo(f"python {platform.python_version()}, grpcio {grpc.__version__}, protobuf {google.protobuf.__version__}")


for command in (up, down, status, doctor, analyze, separate, transcribe, render, describe, compare, generate, models):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    standard.hold_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name or a lyric that the terminal cannot show must not end the program.
            stream.reconfigure(errors="replace")
    try:
        return _run(arguments)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        remark(fitted(said.getvalue().rstrip("\n")))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        return exits.INTERRUPTED
    except OSError as error:
        complain(explain_file(error, None))
        return exits.FAILED


def _run(arguments: Sequence[str] | None) -> int:
    with standard.guarded():
        result = cli.main(args=arguments, prog_name="antiphon", standalone_mode=False)
        sys.stdout.flush()
    return result if isinstance(result, int) else exits.OK
