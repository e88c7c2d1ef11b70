"""The options of ``antiphon describe``."""

from __future__ import annotations

import click

from antiphon_cli.options import JSON_FILE, READABLE_FILE_OR_PIPE, option_group
from antiphon_cli.prompting import prompt_option, sampling_options

describe_options = option_group(
    click.argument("file", required=False, metavar="[FILE]", type=READABLE_FILE_OR_PIPE),
    prompt_option(
        ", in which {bpm}, {key}, {genres} and so on stand for facts, and {{bpm}} for itself in braces. May be given "
        "several times; full where not given."
    ),
    click.option(
        "--engine",
        metavar="NAME",
        default="",
        help="Engine, such as facts or text-gguf; the service's own where not given.",
    ),
    click.option("--model", metavar="NAME", default="", help="Model; the engine's default where not given."),
    click.option(
        "--facts",
        type=JSON_FILE,
        metavar="FILE",
        help="File of facts to write from: a JSON object, or a record by antiphon analyze --json. Nothing "
        "is measured then.",
    ),
    click.option(
        "--no-facts", is_flag=True, help="Have the model hear the file and nothing else; for models that hear."
    ),
    sampling_options(
        temperature="Above 0: draw the tokens instead of taking the likeliest.",
        seed="Seed of the draw; the same one gives the same text.",
    ),
    click.option(
        "--schema", type=JSON_FILE, metavar="FILE", help="File of the JSON Schema that the answer must keep to."
    ),
    click.option("--json", "json_path", metavar="PATH", help="Write the answers as JSON to PATH; - is stdout."),
)
"""What is asked about what, and where the answers go."""
