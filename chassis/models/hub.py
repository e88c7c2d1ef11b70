"""What a model hub states of a repository: the commit that a revision is, and of each file size and digest.

The hub's own statement is what a file is held against that no manifest pins: SHA-256 of what is kept as a large file
(LFS), git's object id of what is small. Whoever runs the hub could state something else tomorrow, so it is asked once.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.models.blobs import CHUNK_BYTES
from chassis.models.connection import SourceError, UnreachableError
from chassis.models.model import File, HubSet, HubSource
from chassis.models.names import inside
from chassis.models.settings import HubSettings
from chassis.models.transfer import Transfer

_MOST_PAGE_BYTES = 32 << 20
_MOST_FILES = 10_000
_MOST_FILES_OF_A_SET = 1000
"""More would make a record that is too long to be read again."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Statement:
    """What the hub states of one file: its bytes, and its SHA-256, or else git's object id."""

    size: int
    sha256: str
    git_blob: str


@dataclass(frozen=True)
class Snapshot:
    """A repository at a commit.

    Attributes:
        repository: Its name now, which may be another than the one it was asked for by.
        commit: Which commit the revision was.
        files: What the hub states of each file, by path.
    """

    repository: str
    commit: str
    files: Mapping[str, Statement]


@dataclass
class Hub:
    """Asks a hub; each repository and revision once, and nothing more where it does not answer."""

    settings: HubSettings
    transfer: Transfer
    _asked: dict[tuple[str, str], Snapshot] = field(default_factory=dict)
    _away: UnreachableError | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What is sent to the hub, and to nobody whom it redirects to."""
        return {"Authorization": f"Bearer {self.settings.token}"} if self.settings.token else {}

    def url(self, source: HubSource) -> str:
        """Address of a file."""
        path = urllib.parse.quote(f"{source.repository}/resolve/{source.revision}/{source.path}")
        return f"{self.settings.endpoint.rstrip('/')}/{path}"

    def snapshot(self, repository: str, revision: str) -> Snapshot:
        """What the hub states of a repository at a revision.

        Raises:
            SourceError: the hub cannot be asked, does not give it, or says what makes no sense.
        """
        key = repository, revision
        if key not in self._asked:
            path = f"api/models/{urllib.parse.quote(repository)}/revision/{urllib.parse.quote(revision, safe='')}"
            url = f"{self.settings.endpoint.rstrip('/')}/{path}?blobs=true"
            if self._away is not None:
                raise self._away
            try:
                page, _, _ = self.transfer.read(url, self.headers, _MOST_PAGE_BYTES)
            except UnreachableError as error:
                self._away = error
                raise
            self._asked[key] = read_listing(repository, page, url)
        return self._asked[key]

    def stated(self, file: File) -> File:
        """A file of a hub, which no manifest pins, with what the hub states of it, at the commit that its revision is.

        Raises:
            SourceError: as :meth:`snapshot`, or the repository has no such file.
        """
        source = file.sources[0]
        assert isinstance(source, HubSource)
        snapshot = self.snapshot(source.repository, source.revision)
        return _file(file.name, source.repository, snapshot, source.path)

    def members(self, one: HubSet) -> tuple[str, dict[str, File]]:
        """The commit and the files of a set, by their paths in the repository.

        Raises:
            SourceError: as :meth:`snapshot`, or a pattern that has to match a file matches none.
        """
        snapshot = self.snapshot(one.repository, one.revision)
        paths: set[str] = set()
        for pattern in (*one.patterns, *one.optional):
            found = [path for path in snapshot.files if _matches(path, pattern)]
            if not found and pattern in one.patterns:
                raise SourceError(f"{one.repository}@{snapshot.commit} has no file {pattern}")
            paths.update(found)
        if len(paths) > _MOST_FILES_OF_A_SET:
            raise SourceError(f"{len(paths)} files of {one.repository} match; at most {_MOST_FILES_OF_A_SET} are taken")
        files = {path: _file(one.name(path), one.repository, snapshot, path) for path in sorted(paths)}
        return snapshot.commit, files


def git_blob(path: Path) -> str:
    """git's object id of a file: the SHA-1 of a line about its size and of its bytes, in lower-case hex."""
    found = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def _matches(path: str, pattern: str) -> bool:
    """As in a shell: no star goes beyond a folder."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def _file(name: str, repository: str, snapshot: Snapshot, path: str) -> File:
    if path not in snapshot.files:
        raise SourceError(f"{repository}@{snapshot.commit} has no file {path}")
    found = snapshot.files[path]
    sources = (HubSource(repository, snapshot.commit, path),)
    return File(name, found.size, found.sha256, sources, git_blob=found.git_blob, digest_source="hub at first pull")


def read_listing(repository: str, page: bytes, url: str) -> Snapshot:
    """Reads what the hub answered at ``url``; raises SourceError where that makes no sense."""
    try:
        document = json.loads(page)
        commit, rows = document["sha"], document["siblings"]
        if not isinstance(commit, str) or _COMMIT.fullmatch(commit) is None or len(rows) > _MOST_FILES:
            raise ValueError(f"commit {commit!r:.60}, {len(rows)} files")
        files = dict(_statement(row) for row in rows)
        name = document.get("id", repository)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"{url} answers with no list of files ({type(error).__name__}: {error!s:.200})") from error
    return Snapshot(name if isinstance(name, str) else repository, commit, files)


def _statement(row: Mapping[str, Any]) -> tuple[str, Statement]:
    path, large = row["rfilename"], row.get("lfs")
    size = (large or row)["size"]
    sha256, blob = large["sha256"] if large else "", "" if large else row["blobId"]
    known = _SHA256.fullmatch(sha256) if large else _COMMIT.fullmatch(blob)
    if not inside(path) or not isinstance(size, int) or isinstance(size, bool) or size < 0 or known is None:
        raise ValueError(f"{path!r:.200} of {size!r:.40} bytes, digest {sha256 or blob!r:.80}")
    return path, Statement(size, sha256, blob)
