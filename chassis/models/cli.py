"""``python -m chassis.models``: the program of the model store, with the weights of every service of the project."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from chassis.models.lock import LockError, document, hold, read
from chassis.models.manifest import ManifestError
from chassis.models.mirror import Mirror
from chassis.models.options import parser
from chassis.models.plan import ASK_FROM_BYTES, plan
from chassis.models.pull import Puller
from chassis.models.settings import SettingError, read_settings
from chassis.models.shelf import Chosen, Shelf
from chassis.models.upkeep import begun, orphans, prune, remove, usage
from chassis.models.voice import Row, Speak, Voice, error_row, plan_row, row_of, speak_json

DONE, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 where all went well, 1 where something failed, 2 where the command makes no sense."""
    options = parser().parse_args(arguments)
    voice = speak_json if options.json else Voice(sys.stdout.isatty())
    try:
        settings, hub = read_settings()
        shelf = Shelf.load(options.project, settings.root)
        puller = Puller(options.project, settings, hub, lambda event: voice(row_of(event)))
        return _run(options, shelf, puller, voice)
    except LookupError as error:
        voice({"event": "error", "reason": "UNKNOWN_MODEL", "message": str(error.args[0])})
        return USAGE
    except (SettingError, ManifestError, LockError) as error:
        voice({"event": "error", "reason": "CONFIGURATION", "message": str(error)})
        return USAGE
    except AntiphonError as error:
        voice(error_row(error))
        return FAILED
    except KeyboardInterrupt:
        voice({"event": "error", "reason": "INTERRUPTED", "message": "stopped; pull again to go on from here"})
        return FAILED


def _run(options: argparse.Namespace, shelf: Shelf, puller: Puller, voice: Speak) -> int:
    if options.verb == "list":
        return _list(shelf, voice)
    if options.verb == "import":
        return _import(shelf, puller, options.folder, voice)
    if options.verb == "du":
        return _usage(shelf, voice)
    if options.verb == "prune":
        return _prune(shelf, options.yes, options.partial, voice)
    if options.verb in ("pull", "plan"):
        return _fetch(options, shelf, puller, voice)
    chosen = shelf.select(options.names) if options.names else shelf.all()
    if options.verb == "lock":
        sys.stdout.write(f"{json.dumps(document(chosen), indent=1, sort_keys=True)}\n")
        return DONE
    if options.verb == "remove":
        return _remove(shelf, chosen, options.forget, voice)
    return _verify(shelf, chosen, puller, options.repair, voice)


def _list(shelf: Shelf, voice: Speak) -> int:
    for store, name in shelf.all():
        model = store.model(name)
        row: Row = {
            "event": "model",
            "model": name,
            "service": model.service,
            "engine": model.engine,
            "installed": store.installed(name),
            "default": model.default,
            "starter": model.starter,
            "mission": model.mission,
            "gated": model.gated,
            "aliases": list(model.aliases),
            "license_spdx": model.license_spdx,
            "commercial_use": model.commercial_use,
            "summary": model.summary,
            "digest_source": model.digest_source,
        }
        known = {
            "download_bytes": model.download_bytes,
            "installed_bytes": model.installed_bytes,
            "memory_bytes": model.memory_bytes,
        }
        voice({**row, **{key: value for key, value in known.items() if value is not None}})
    return DONE


def _fetch(options: argparse.Namespace, shelf: Shelf, puller: Puller, voice: Speak) -> int:
    """Pulls, or plans to; more than a few gigabytes only where that was agreed to."""
    locked = read(options.lock) if options.lock is not None else None
    if locked is not None and not options.names:
        chosen = [(store, name) for store, name in shelf.all() if f"{store.manifest.service}/{name}" in locked]
    else:
        chosen = shelf.select(options.names, options.service)
    for store, name in chosen:
        if locked is not None:
            hold(store, name, locked)
    planned = plan(chosen, puller.asked)
    if options.verb == "plan":
        voice(plan_row(planned))
        return DONE
    if planned.bytes > ASK_FROM_BYTES and not options.yes:
        voice(plan_row(planned))
        voice(
            {
                "event": "error",
                "reason": "NOT_AGREED",
                "message": f"{planned.bytes / 1e9:.1f} GB are to be fetched; say --yes to have them fetched",
            }
        )
        return USAGE
    return _pull(chosen, puller, voice)


def _pull(chosen: Chosen, puller: Puller, voice: Speak) -> int:
    outcome = DONE
    for store, name in chosen:
        try:
            puller.pull(store, name)
        except AntiphonError as error:
            voice(error_row(error, name))
            outcome = FAILED
    return outcome


def _verify(shelf: Shelf, chosen: Chosen, puller: Puller, repair: bool, voice: Speak) -> int:
    outcome = DONE
    there = begun(shelf)
    for store, name in chosen:
        if (store.manifest.service, name) not in there:
            voice({"event": "absent", "model": name})
            continue
        damaged = store.damaged(name)
        if not damaged:
            voice({"event": "verified", "model": name, "files": len(store.model(name).files)})
            continue
        if repair:
            voice({"event": "note", "model": name, "message": f"missing or damaged: {', '.join(damaged)}"})
            outcome = max(outcome, _pull([(store, name)], puller, voice))
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


def _remove(shelf: Shelf, chosen: Chosen, forget: bool, voice: Speak) -> int:
    for store, name in chosen:
        there = store.installed(name)
        voice({"event": "removed", "model": name, "bytes": remove(shelf, store, name, forget), "there": there})
    return DONE


def _prune(shelf: Shelf, yes: bool, partial: bool, voice: Speak) -> int:
    found = prune(shelf, partial) if yes else orphans(shelf)
    voice(
        {
            "event": "pruned" if yes else "prunable",
            "blobs": [path.name for path in found.blobs],
            "views": len(found.views),
            "partial": len(found.partial) if partial else 0,
            "bytes": found.bytes + (found.partial_bytes if partial else 0),
        }
    )
    return DONE


def _usage(shelf: Shelf, voice: Speak) -> int:
    for each in usage(shelf):
        voice({"event": "usage", **asdict(each)})
    lost, blobs = orphans(shelf), shelf.stores[0].blobs
    total = sum(path.stat().st_size for path in blobs.folder.glob("*"))
    voice({"event": "total", "bytes": total, "orphan_bytes": lost.bytes, "partial_bytes": lost.partial_bytes})
    return DONE
