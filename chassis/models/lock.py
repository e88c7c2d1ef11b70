"""A lock file: what the models of one store are, to the byte, so that another machine's can be held to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.plain_file import read_plain
from chassis.models.shelf import Chosen
from chassis.models.store import Store

_MOST_BYTES = 64 << 20
_FORMAT = 1


class LockError(ValueError):
    """A lock file cannot be read; the message says why."""


def document(chosen: Chosen) -> dict[str, Any]:
    """The lock of the models among ``chosen`` that are installed: their files, and the records that these rest on."""
    models = {
        f"{store.manifest.service}/{name}": _entry(store, name) for store, name in chosen if store.installed(name)
    }
    return {"antiphon_models_lock": _FORMAT, "models": models}


def _entry(store: Store, name: str) -> dict[str, Any]:
    model, row = store.model(name), store.manifest.model(name)
    return {
        "revision": model.revision,
        "license_spdx": model.license_spdx,
        "digest_source": model.digest_source,
        "files": {file.name: {"sha256": file.sha256, "size": file.size} for file in model.files},
        "records": {key: found for key in store.records.keys(row) if (found := store.records.document(key))},
    }


def read(path: Path) -> Mapping[str, Any]:
    """The models of a lock file, by ``service/name``.

    Raises:
        LockError: it is not there, or no lock file.
    """
    try:
        found = json.loads(read_plain(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise LockError(f"{path}: {error}") from error
    models = found.get("models") if isinstance(found, dict) else None
    if not isinstance(models, dict) or found.get("antiphon_models_lock") != _FORMAT:
        raise LockError(
            f"{path}: is no lock file of format {_FORMAT}; make one with: antiphon models lock > {path.name}"
        )
    return models


def hold(store: Store, name: str, models: Mapping[str, Any]) -> None:
    """Has a model of this store be what a lock file says, before it is pulled: takes over what is recorded there.

    Raises:
        AntiphonError: LOCK_DIFFERS where the lock has no such model, this store has recorded something else of it, or
            the manifest here pins other files; MODEL_STORE_UNWRITABLE.
    """
    entry = models.get(f"{store.manifest.service}/{name}")
    if not isinstance(entry, dict) or not isinstance(entry.get("records"), dict):
        raise _differs(name, "the lock file does not have it")
    row = store.manifest.model(name)
    # The record of a conversion is named by the digests of its inputs, which their own records say first.
    for key in (*store.records.keys(row), *store.records.keys(row)):
        _take_over(store, name, key, entry["records"].get(key))
    files = {file.name: file.sha256 for file in store.model(name).files}
    locked = _digests(entry.get("files"))
    if files != locked:
        changed = sorted(each for each in files.keys() | locked.keys() if files.get(each) != locked.get(each))
        raise _differs(name, f"the lock file has other files: {', '.join(changed[:5])}")


def _digests(rows: Any) -> dict[str, Any]:
    """SHA-256 of each file of a lock's entry; empty where that is none."""
    if not isinstance(rows, dict):
        return {}
    return {name: row.get("sha256") for name, row in rows.items() if isinstance(row, dict)}


def _take_over(store: Store, name: str, key: str, theirs: Any) -> None:
    ours = store.records.document(key)
    if not ours and isinstance(theirs, dict):
        store.records.write(key, theirs)
    elif ours and ours != theirs:
        raise _differs(
            name,
            f"this store recorded something else at its first pull ({key}); to take the lock's word instead, first: "
            f"antiphon models remove --forget {name}",
        )


def _differs(name: str, why: str) -> AntiphonError:
    return not_ready("LOCK_DIFFERS", f"the model {name!r} cannot be held to the lock file: {why}", model=name)
