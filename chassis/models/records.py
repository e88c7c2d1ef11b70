"""Digests that no manifest knows: recorded at the first pull and held to afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chassis.models.blobs import unwritable
from chassis.models.model import DIGEST_SOURCES, Conversion, File, HttpsSource, HubSet, HubSource, Model, fetched_files
from chassis.models.names import inside
from chassis.models.plain_file import read_plain

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_BYTES = 1 << 20

Document = Mapping[str, Any]
"""What a record says, as JSON has it."""


class Records:
    """The records of a store: one for each conversion with the inputs it was given, each set of files of a hub, each
    file without a published digest.

    ``records/<hex>.json`` says what the first pull gave. The name is made of what the manifest says of it, so one that
    pins other inputs, or names another revision, begins anew.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def known(self, file: File) -> File:
        """``file`` with what is recorded for it; unchanged where it is pinned, or no sensible record is there."""
        if not file.recorded:
            return file
        if file.conversion is not None:
            inputs = tuple(self.known(one) for one in file.conversion.inputs)
            sizes = [one.size for one in inputs if one.size is not None]
            guess = sum(sizes) if len(sizes) == len(inputs) else None
            file = replace(file, conversion=replace(file.conversion, inputs=inputs), size=guess)
            if not all(one.sha256 for one in inputs):
                return file
        match self.document(key_of(file)):
            case {"sha256": str(digest), "size": int(size), **more} if _SHA256.fullmatch(digest) and size >= 0:
                return _settled(file, digest, size, str(more.get("commit", "")))
        return file

    def expanded(self, model: Model) -> Model:
        """``model`` with what is recorded for its files, and with those of its sets in the place of the sets.

        A revision that may move is replaced by the commit that it was at the first pull.
        """
        files = [self.known(file) for file in model.files]
        unknown = []
        for one in model.sets:
            found = self.members(one)
            files += found
            unknown += [] if found else [one]
        known = replace(model, files=tuple(files), sets=tuple(unknown))
        return replace(known, revision=_commit(known)) if known.digest_source and _moves(model) else known

    def members(self, one: HubSet) -> list[File]:
        """The files of a recorded set; none where no sensible record is there."""
        document = self.document(key_of(one))
        commit, rows = document.get("commit"), document.get("files")
        if not isinstance(commit, str) or _COMMIT.fullmatch(commit) is None or not isinstance(rows, list):
            return []
        files = []
        for row in rows:
            match row:
                case {"path": str(path), "sha256": str(digest), "size": int(size)} if (
                    inside(path) and _SHA256.fullmatch(digest) and size >= 0
                ):
                    source = HubSource(one.repository, commit, path)
                    files.append(File(one.name(path), size, digest, (source,), digest_source="hub at first pull"))
                case _:
                    return []
        return files

    def add(self, file: File, known: File) -> None:
        """Writes down what the first pull gave of a recorded file.

        Args:
            file: As the manifest has it, but for the inputs of its conversion, which have their digests.
            known: The same with digest and size, and for a file of a hub with the commit in its source.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE, MODEL_STORE_FULL.
        """
        document: dict[str, Any] = {"file": file.name, "sha256": known.sha256, "size": known.size}
        if file.conversion is not None:
            document["conversion"] = f"{file.conversion.module}:{file.conversion.function}"
            document["inputs"] = {one.name: one.sha256 for one in file.conversion.inputs}
        elif isinstance(source := known.sources[0], HubSource):
            document |= {"repository": source.repository, "commit": source.revision, "path": source.path}
        else:
            document["source"] = str(source)
        self.write(key_of(file), document)

    def add_set(self, one: HubSet, commit: str, files: Mapping[str, File]) -> None:
        """Writes down which files of a hub a set was when it was first pulled.

        Args:
            commit: What its revision was then.
            files: With digests and sizes, by their paths in the repository.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE, MODEL_STORE_FULL.
        """
        rows = [{"path": path, "sha256": file.sha256, "size": file.size} for path, file in sorted(files.items())]
        document = {"repository": one.repository, "revision": one.revision, "commit": commit, "files": rows}
        self.write(key_of(one), document)

    def keys(self, model: Model) -> Iterator[str]:
        """Yields the names of the records that a model of the manifest stands on, whether they are there or not.

        Those of conversions are named by the digests of their inputs, and left out as long as one is not known.
        """
        for one in model.sets:
            yield key_of(one)
        for file in (file for file in model.files if file.recorded):
            conversion = self.known(file).conversion
            if file.conversion is None or conversion is None:
                yield key_of(file)
                continue
            yield from (key_of(one) for one in file.conversion.inputs if one.recorded)
            if all(one.sha256 for one in conversion.inputs):
                yield key_of(replace(file, conversion=conversion))

    def document(self, key: str) -> dict[str, Any]:
        """What the record of that name says; empty where there is none."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads(read_plain(self.path(key), _MOST_BYTES))
            if isinstance(found, dict):
                return found
        return {}

    def write(self, key: str, document: Document) -> None:
        """Puts a record in its place, whole or not at all.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE, MODEL_STORE_FULL.
        """
        path = self.path(key)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
            os.replace(fresh, path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise unwritable(self._root, error) from error

    def forget(self, key: str) -> None:
        """Deletes a record, so that the next pull is a first one; one that is not there is gone already."""
        self.path(key).unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """Where the record of that name lies or would lie."""
        return self._root / "records" / f"{key}.json"


def _moves(model: Model) -> bool:
    """Whether a model's revision is the name that a hub has for one, such as that of a branch, and not a commit."""
    named = {one.revision for one in model.sets} | {source.revision for source in _hub_sources(model)}
    return model.revision in named and _COMMIT.fullmatch(model.revision) is None


def _commit(model: Model) -> str:
    """The commit of the first file that came from a hub; what is made of files of one goes before its companions."""
    return next((source.revision for source in _hub_sources(model)), model.revision)


def _hub_sources(model: Model) -> Iterator[HubSource]:
    for file in fetched_files(model):
        yield from (source for source in file.sources if isinstance(source, HubSource))


def key_of(what: File | HubSet) -> str:
    """Name of the record of a conversion, which follows from its inputs' digests, of a source, or of a set."""
    if isinstance(what, HubSet):
        rows = ["hub", what.repository, what.revision, *sorted(what.patterns), "optional", *sorted(what.optional)]
    elif what.conversion is not None:
        rows = _conversion_rows(what.conversion)
    else:
        rows = ["file", *(_address(source) for source in what.sources if isinstance(source, HubSource | HttpsSource))]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _conversion_rows(conversion: Conversion) -> list[str]:
    return [f"{conversion.module}:{conversion.function}", *(one.sha256 for one in conversion.inputs)]


def _address(source: HubSource | HttpsSource) -> str:
    return source.url if isinstance(source, HttpsSource) else f"{source.repository}@{source.revision}/{source.path}"


def _settled(file: File, sha256: str, size: int, commit: str) -> File:
    first = file.sources[0] if file.sources else None
    if file.conversion is not None:
        worst = max((one.digest_source for one in file.conversion.inputs), key=DIGEST_SOURCES.index, default="manifest")
        origin = max("conversion at first pull", worst, key=DIGEST_SOURCES.index)
        return replace(file, sha256=sha256, size=size, digest_source=origin)
    if not isinstance(first, HubSource) or _COMMIT.fullmatch(commit) is None:
        return replace(file, sha256=sha256, size=size, digest_source="first pull")
    sources = (replace(first, revision=commit), *file.sources[1:])
    return replace(file, sha256=sha256, size=size, sources=sources, digest_source="hub at first pull")
