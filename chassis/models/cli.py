"""``python -m chassis.models``: lists, pulls, verifies and imports the weights of every service of the project."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from chassis.models.manifest import ManifestError
from chassis.models.mirror import Mirror
from chassis.models.pull import Puller
from chassis.models.settings import SettingError, read_settings
from chassis.models.shelf import Shelf
from chassis.models.store import Store
from chassis.models.voice import Speak, Voice, error_row, row_of, speak_json

PROJECT = Path(__file__).resolve().parents[2]
DONE, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 where all went well, 1 where something failed, 2 where the command makes no sense."""
    options = _parser().parse_args(arguments)
    voice = speak_json if options.json else Voice(sys.stdout.isatty())
    try:
        settings, hub = read_settings()
        shelf = Shelf.load(options.project, settings.root)
        puller = Puller(options.project, settings, hub, lambda event: voice(row_of(event)))
        if options.verb == "list":
            return _list(shelf, voice)
        if options.verb == "import":
            return _import(shelf, puller, options.folder, voice)
        chosen = shelf.select(options.names) if options.names else shelf.all()
        return _verify(chosen, voice) if options.verb == "verify" else _pull(chosen, puller, voice)
    except LookupError as error:
        voice({"event": "error", "reason": "UNKNOWN_MODEL", "message": str(error.args[0])})
        return USAGE
    except (SettingError, ManifestError) as error:
        voice({"event": "error", "reason": "CONFIGURATION", "message": str(error)})
        return USAGE
    except AntiphonError as error:
        voice(error_row(error))
        return FAILED
    except KeyboardInterrupt:
        voice({"event": "error", "reason": "INTERRUPTED", "message": "stopped; pull again to go on from here"})
        return FAILED


def _list(shelf: Shelf, voice: Speak) -> int:
    for store, name in shelf.all():
        model = store.model(name)
        voice(
            {
                "event": "model",
                "model": name,
                "service": model.service,
                "engine": model.engine,
                "installed": store.installed(name),
                "default": model.default,
                "starter": model.starter,
                "license_spdx": model.license_spdx,
                "commercial_use": model.commercial_use,
                "download_bytes": model.download_bytes,
                "installed_bytes": model.installed_bytes,
                "summary": model.summary,
            }
        )
    return DONE


def _pull(chosen: list[tuple[Store, str]], puller: Puller, voice: Speak) -> int:
    outcome = DONE
    for store, name in chosen:
        try:
            puller.pull(store, name)
        except AntiphonError as error:
            voice(error_row(error, name))
            outcome = FAILED
    return outcome


def _verify(chosen: list[tuple[Store, str]], voice: Speak) -> int:
    outcome = DONE
    for store, name in chosen:
        if not store.installed(name) and not any(
            file.sha256 and store.blobs.path(file.sha256).exists() for file in store.model(name).files
        ):
            voice({"event": "absent", "model": name})
            continue
        damaged = store.damaged(name)
        if not damaged:
            voice({"event": "verified", "model": name, "files": len(store.manifest.model(name).files)})
            continue
        outcome = FAILED
        voice(
            {
                "event": "error",
                "reason": "MODEL_CORRUPT",
                "model": name,
                "message": f"missing or damaged: {', '.join(damaged)}; replace with: antiphon models pull {name}",
            }
        )
    return outcome


def _import(shelf: Shelf, puller: Puller, folder: Path, voice: Speak) -> int:
    mirror = Mirror(folder)
    taken = sum(puller.take_in(store, name, mirror) for store, name in shelf.all())
    voice({"event": "imported", "files": taken, "directory": str(folder)})
    return DONE


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")
    parser = argparse.ArgumentParser(prog="antiphon models", description="Lists, pulls, verifies and imports weights.")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder that holds services/*/models.toml")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", parents=[shared], help="every model of every service")
    verb = verbs.add_parser("pull", parents=[shared], help="fetch models into the store")
    verb.add_argument("names", nargs="*", default=["starter"], help="models, or the sets starter (default) and full")
    verb = verbs.add_parser("verify", parents=[shared], help="read installed files again and check their digests")
    verb.add_argument("names", nargs="*", help="models; all where none is given")
    verb = verbs.add_parser("import", parents=[shared], help="take in every known file or archive of a folder")
    verb.add_argument("folder", type=Path)
    return parser
