"""What keeps a store in order: what it takes up, what belongs to nothing any more, how a model is taken out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chassis.models.blobs import Blobs, unwritable
from chassis.models.shelf import Chosen, Shelf
from chassis.models.store import Store


@dataclass(frozen=True)
class Usage:
    """Bytes that one installed model takes up, and those of them that other installed models use as well."""

    model: str
    service: str
    bytes: int
    shared_bytes: int


@dataclass(frozen=True)
class Orphans:
    """What belongs to no model of any manifest.

    Attributes:
        blobs: Files of models that have been taken out of a manifest, or whose rows pin others now.
        views: Folders of names of these.
        partial: Transfers that broke off and would be gone on with.
        bytes: Of ``blobs``.
        partial_bytes: Of ``partial``.
    """

    blobs: tuple[Path, ...]
    views: tuple[Path, ...]
    partial: tuple[Path, ...]
    bytes: int
    partial_bytes: int


def usage(shelf: Shelf) -> list[Usage]:
    """What each installed model takes up."""
    there = [(store, name) for store, name in shelf.all() if store.model(name).files and store.installed(name)]
    digests = {(store, name): _digests(store, name) for store, name in there}
    users: dict[str, int] = {}
    for found in digests.values():
        for sha256 in found:
            users[sha256] = users.get(sha256, 0) + 1
    rows = []
    for (store, name), found in digests.items():
        sizes = {sha256: _size(store.blobs.path(sha256)) for sha256 in found}
        shared = sum(size for sha256, size in sizes.items() if users[sha256] > 1)
        rows.append(Usage(name, store.manifest.service, sum(sizes.values()), shared))
    return rows


def begun(shelf: Shelf) -> set[tuple[str, str]]:
    """Finds the models, by service and name, that are installed or of which a file is there that is theirs alone.

    A file that several models have, such as a tokenizer, tells of none of them that it was ever installed.
    """
    digests = {(store, name): _digests(store, name) for store, name in shelf.all()}
    users = Counter(sha256 for found in digests.values() for sha256 in found)
    return {
        (store.manifest.service, name)
        for (store, name), found in digests.items()
        if store.installed(name) or any(users[each] == 1 and store.blobs.path(each).exists() for each in found)
    }


def orphans(shelf: Shelf) -> Orphans:
    """Finds what belongs to no model that a manifest lists, installed or not."""
    blobs = shelf.stores[0].blobs
    known = {sha256 for store, name in shelf.all() for sha256 in _digests(store, name)}
    views = {store.view(store.model(name)) for store, name in shelf.all()}
    lost = tuple(path for path in _children(blobs.folder) if path.name not in known)
    old = tuple(path for path in sorted(blobs.root.glob("views/*/*/*")) if path not in views)
    partial = tuple(path for path in _children(blobs.staging) if path.suffix == ".part")
    return Orphans(lost, old, partial, sum(map(_size, lost)), sum(map(_size, partial)))


def prune(shelf: Shelf, partial: bool) -> Orphans:
    """Deletes what :func:`orphans` finds; broken-off transfers where ``partial`` says so.

    Raises:
        AntiphonError: MODEL_STORE_UNWRITABLE.
    """
    blobs = shelf.stores[0].blobs
    with blobs.workspace():
        found = orphans(shelf)
        _delete(blobs, *found.views, *found.blobs, *(found.partial if partial else ()))
    return found


def remove(shelf: Shelf, store: Store, name: str, forget: bool) -> int:
    """Takes one model out; files that another installed model uses stay. Returns the bytes that came free.

    Args:
        forget: Deletes what was recorded at its first pull as well, so that the next pull is a first one again.

    Raises:
        AntiphonError: MODEL_STORE_UNWRITABLE.
    """
    with store.blobs.workspace():
        others: Chosen = [one for one in shelf.all() if one != (store, name) and one[0].installed(one[1])]
        kept = {sha256 for other, each in others for sha256 in _digests(other, each)}
        gone = [store.blobs.path(sha256) for sha256 in _digests(store, name) - kept]
        freed = sum(map(_size, gone))
        keys = list(store.records.keys(store.manifest.model(name))) if forget else []
        _delete(store.blobs, store.view(store.model(name)).parent, *gone)
        for key in keys:
            store.records.forget(key)
    return freed


def _digests(store: Store, name: str) -> set[str]:
    return {file.sha256 for file in store.model(name).files if file.sha256}


def _children(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir()) if folder.is_dir() else ())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _delete(blobs: Blobs, *paths: Path) -> None:
    for path in paths:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(blobs.root, error) from error
