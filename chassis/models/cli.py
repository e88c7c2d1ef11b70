"""``python -m chassis.models``: lists, pulls, verifies and imports the weights of every service of the project."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from chassis.models.events import Event, Note, Progress
from chassis.models.manifest import Manifest, ManifestError
from chassis.models.pull import Puller
from chassis.models.settings import SettingError, extra_manifest, read_settings
from chassis.models.sources import Mirror
from chassis.models.store import Store

PROJECT = Path(__file__).resolve().parents[2]
DONE, FAILED, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Shelf:
    """The stores of all services, one folder below them."""

    stores: tuple[Store, ...]

    @classmethod
    def load(cls, project: Path, root: Path) -> Shelf:
        """Reads each ``services/*/models.toml``, and with it what ``<SERVICE>_MODELS_EXTRA`` names.

        Raises:
            ManifestError: there is none, or one is wrong.
        """
        paths = sorted(project.glob("services/*/models.toml"))
        if not paths:
            raise ManifestError(f"{project}: has no services/*/models.toml")
        extras = [extra_manifest(path.parent.name) for path in paths]
        return cls(tuple(Store(root, Manifest.load(path, extra)) for path, extra in zip(paths, extras, strict=True)))

    def all(self) -> list[tuple[Store, str]]:
        """Every model with its store, in the order of the manifests."""
        return [(store, model.name) for store in self.stores for model in store.manifest.models]

    def select(self, names: Sequence[str]) -> list[tuple[Store, str]]:
        """Models by name; ``starter`` and ``full`` stand for those sets.

        Raises:
            LookupError: a name is none of these; the message lists what there is.
        """
        chosen: list[tuple[Store, str]] = []
        for name in names:
            found = [
                (store, model)
                for store, model in self.all()
                if name in (model, "full") or (name == "starter" and store.manifest.model(model).starter)
            ]
            if not found and name not in ("starter", "full"):
                known = ", ".join(model for _, model in self.all())
                raise LookupError(f"no model named {name!r}; there are {known or 'none'}, and the sets starter, full")
            chosen += [one for one in found if one not in chosen]
        return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 where all went well, 1 where something failed, 2 where the command makes no sense."""
    options = _parser().parse_args(arguments)
    voice = _speak_json if options.json else Voice(sys.stdout.isatty())
    try:
        settings, hub = read_settings()
        shelf = Shelf.load(options.project, settings.root)
        puller = Puller(options.project, settings, hub, lambda event: voice(_row(event)))
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
        voice(_error_row(error))
        return FAILED
    except KeyboardInterrupt:
        voice({"event": "error", "reason": "INTERRUPTED", "message": "stopped; pull again to go on from here"})
        return FAILED


Row = dict[str, object]
Speak = Callable[[Row], None]


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
            voice(_error_row(error, name))
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


def _row(event: Event) -> Row:
    if isinstance(event, Progress):
        return {"event": "progress", "model": event.model, "file": event.file, "done": event.done, "total": event.total}
    if isinstance(event, Note):
        return {"event": "note", "model": event.model, "message": event.message}
    row: Row = {"event": "installed", "model": event.model, "service": event.service}
    return {**row, "directory": str(event.directory), "fetched": event.fetched}


def _error_row(error: AntiphonError, model: str = "") -> Row:
    row: Row = {"event": "error", "reason": error.reason, "message": error.message}
    return {**row, "model": model} if model else row


def _speak_json(row: Row) -> None:
    print(json.dumps(row), flush=True)


class Voice:
    """Says the same rows to a person; errors go to stderr.

    On a terminal progress stays on one line; elsewhere it is told at each tenth.
    """

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._tenth: tuple[object, int] = ("", -1)
        self._open_line = False

    def __call__(self, row: Row) -> None:
        """Prints one row."""
        if row["event"] == "progress":
            self._progress(row)
            return
        if self._open_line:
            print()
            self._open_line = False
        print(self._sentence(row), file=sys.stderr if row["event"] == "error" else sys.stdout, flush=True)

    def _progress(self, row: Row) -> None:
        done, total = int(str(row["done"])), int(str(row["total"]))
        tenth = (row["file"], 10 * done // total if total else 10)
        line = f"{row['model']}: {row['file']}  {_megabytes(done)} of {_megabytes(total)}"
        if self._terminal:
            print(f"\r\x1b[2K{line}", end="", flush=True)
            self._open_line = True
        elif tenth != self._tenth:
            print(line, flush=True)
        self._tenth = tenth

    @staticmethod
    def _sentence(row: Row) -> str:
        model = row.get("model", "")
        if row["event"] == "model":
            marks = [word for word in ("default", "starter") if row[word]]
            marks += [] if row["commercial_use"] else ["not for commercial use"]
            state = "installed" if row["installed"] else f"{_megabytes(int(str(row['download_bytes'])))} to fetch"
            note = f" ({', '.join(marks)})" if marks else ""
            return f"{model:31} {row['service']:12} {state:18} {row['license_spdx']:12} {row['summary']}{note}"
        return {
            "installed": f"{model}: {'installed' if row.get('fetched') else 'was installed already'}",
            "verified": f"{model}: {row.get('files')} files are sound",
            "absent": f"{model}: not installed",
            "imported": f"{row.get('files')} files taken in from {row.get('directory')}",
            "note": f"{model}: {row.get('message')}",
            "error": f"{model}: {row.get('message')}" if model else str(row.get("message")),
        }[str(row["event"])]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


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
