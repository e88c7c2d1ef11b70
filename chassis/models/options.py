"""The command line of the model store's program."""

from __future__ import annotations

import argparse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""Root of the project that this file is part of."""


def parser() -> argparse.ArgumentParser:
    """The parser of the program's command line."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")
    whole = argparse.ArgumentParser(prog="antiphon models", description="Keeps the weights of all services.")
    whole.add_argument("--json", action="store_true", help="one JSON object a line")
    whole.add_argument("--project", type=Path, default=PROJECT, help="folder that holds services/*/models.toml")
    verbs = whole.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", parents=[shared], help="every model of every service")
    for name, summary in (("pull", "fetch models into the store"), ("plan", "say what a pull would fetch")):
        verb = verbs.add_parser(name, parents=[shared], help=summary)
        verb.add_argument(
            "names", nargs="*", help="models, or the sets starter (where none is given), mission and full"
        )
        verb.add_argument("--for", dest="service", default="", metavar="SERVICE", help="only models of one service")
        verb.add_argument("--lock", type=Path, metavar="FILE", help="hold the models to a lock file")
        verb.add_argument("--yes", action="store_true", help="fetch however much it is")
    verb = verbs.add_parser("verify", parents=[shared], help="read installed files again and check their digests")
    verb.add_argument("names", nargs="*", help="models; all where none is given")
    verb.add_argument("--repair", action="store_true", help="fetch again what is missing or damaged")
    verb = verbs.add_parser("lock", parents=[shared], help="print a lock file of what is installed")
    verb.add_argument("names", nargs="*", help="models; all where none is given")
    verb = verbs.add_parser("remove", parents=[shared], help="take models out of the store")
    verb.add_argument("names", nargs="+", help="models")
    verb.add_argument("--forget", action="store_true", help="delete what was recorded at the first pull, too")
    verb = verbs.add_parser("prune", parents=[shared], help="find files that belong to no model any more")
    verb.add_argument("--yes", action="store_true", help="delete them")
    verb.add_argument("--partial", action="store_true", help="transfers that broke off as well")
    verbs.add_parser("du", parents=[shared], help="what each installed model takes up")
    verb = verbs.add_parser("import", parents=[shared], help="take in every known file or archive of a folder")
    verb.add_argument("folder", type=Path)
    return whole
