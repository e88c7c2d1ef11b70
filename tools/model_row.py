"""Writes a manifest row for a checkpoint that is already on this machine, its files pinned by what they hold now.

    python tools/model_row.py musicgen-small FOLDER --engine musicgen --licence CC-BY-NC-4.0 --default > my-models.toml

The result is a models.toml for ``<SERVICE>_MODELS_EXTRA``; ``antiphon models import FOLDER`` then takes the files into
the store. With ``--hub OWNER/NAME@COMMIT`` others can pull the same bytes from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

LEFT_OUT = re.compile(r".*\.(bin|pt|pth|th|ckpt|msgpack|h5|pickle|pkl|onnx|md)$|\..*")
"""Pickles, which no service reads, other frameworks' weights, and what is no part of the model."""


def rows(arguments: argparse.Namespace) -> str:
    """The row of the model and those of its files."""
    paths = sorted(path for path in arguments.folder.rglob("*") if path.is_file() and LEFT_OUT.match(path.name) is None)
    if not paths:
        sys.exit(f"error: {arguments.folder} holds no file that a service could read")
    hub, _, commit = arguments.hub.partition("@")
    if arguments.hub and re.fullmatch(r"[0-9a-f]{40}", commit) is None:
        sys.exit(f"error: --hub {arguments.hub}: give OWNER/NAME@COMMIT, the commit with all its 40 digits")
    lines = [
        "[[models]]",
        f"name = {json.dumps(arguments.name)}",
        f"engine = {json.dumps(arguments.engine)}",
        f"default = {json.dumps(arguments.default)}",
        "starter = false",
        f"revision = {json.dumps(commit or 'local')}",
        f"license_spdx = {json.dumps(arguments.licence)}",
        f"commercial_use = {json.dumps(arguments.commercial)}",
    ]
    if arguments.parameters is not None:
        lines.append(f"parameter_count = {arguments.parameters}")
    for path in paths:
        name = path.relative_to(arguments.folder).as_posix()
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        source = (
            f'{{ kind = "hub", repository = {json.dumps(hub)}, revision = "{commit}", path = {json.dumps(name)} }}'
            if hub
            else f'{{ kind = "https", url = "https://example.invalid/{sha256}" }}'
        )
        lines += [
            "",
            "[[models.files]]",
            f"name = {json.dumps(name)}",
            f"size = {path.stat().st_size}",
            f'sha256 = "{sha256}"',
            f"sources = [{source}]",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="name of the model")
    parser.add_argument("folder", type=Path, help="folder of its files")
    parser.add_argument("--engine", required=True, help="engine that runs it")
    parser.add_argument("--licence", required=True, metavar="SPDX", help="licence of the weights, such as CC-BY-NC-4.0")
    parser.add_argument("--commercial", action="store_true", help="that licence allows commercial use")
    parser.add_argument("--default", action="store_true", help="the engine's default model")
    parser.add_argument("--parameters", type=int, metavar="COUNT", help="parameters of its networks")
    parser.add_argument("--hub", default="", metavar="OWNER/NAME@COMMIT", help="where others can pull it from")
    sys.stdout.write(rows(parser.parse_args()))


if __name__ == "__main__":
    main()
