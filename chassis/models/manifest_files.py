"""The tables of a manifest that say what a model is made of: files, sets of a hub's files, archives that carry some."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from chassis.models.manifest_row import ManifestError, Row
from chassis.models.model import (
    Conversion,
    File,
    HttpsSource,
    HubSet,
    HubSource,
    Sdist,
    SdistSource,
    Source,
    Wheel,
    WheelSource,
)
from chassis.models.names import inside

_COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_BEGINNING = re.compile(r"[0-9a-f]{4,64}")
_CONVERT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
Archive = TypeVar("Archive", Wheel, Sdist)


@dataclass(frozen=True)
class Archives:
    """The archives that a manifest describes, by name."""

    wheels: Mapping[str, Wheel]
    sdists: Mapping[str, Sdist]


def read_archives(row: Row) -> Archives:
    """Reads the tables ``[wheels.NAME]`` and ``[sdists.NAME]``.

    Raises:
        ManifestError: one breaks a rule.
    """
    return Archives(_archives(row, "wheels", Wheel), _archives(row, "sdists", Sdist))


def _archives(row: Row, key: str, kind: type[Archive]) -> dict[str, Archive]:
    found = {}
    for name, table in row.take(key, dict, {}, optional=True).items():
        archive = Row(table, f"{key.removesuffix('s')} {name}")
        found[name] = kind(name, archive.text("version"), archive.size(), archive.digest())
        archive.done()
    return found


def read_file(row: Row, archives: Archives) -> File:
    """Reads the table of a file, or of a conversion's input.

    Raises:
        ManifestError: it breaks a rule.
    """
    name = row.text("name")
    recorded: bool = row.take("recorded", bool, False, optional=True)
    size, sha256 = (None, "") if recorded else (row.size(), row.digest())
    if not inside(name):
        raise ManifestError(f"{row.where}: name = {name!r}; give a path below the model's folder")
    conversion = None
    if row.has("convert"):
        module, _, function = row.text("convert", _CONVERT, '"package.module:function"').partition(":")
        needs = tuple(row.take("convert_needs", list, [], optional=True))
        conversion = Conversion(module, function, needs, tuple(read_file(one, archives) for one in row.rows("inputs")))
        if not conversion.inputs or any(one.conversion for one in conversion.inputs):
            raise ManifestError(f"{row.where}: a conversion has one or more inputs that are not converted themselves")
    sources = tuple(
        _source(source, archives, recorded) for source in row.rows("sources", optional=conversion is not None)
    )
    if not sources and conversion is None:
        raise ManifestError(f"{row.where}: give at least one source")
    begins = row.text("sha256_begins", _BEGINNING, "4 to 64 lower-case hex digits") if row.has("sha256_begins") else ""
    if begins and (not recorded or conversion is not None):
        raise ManifestError(f"{row.where}: sha256_begins is for files that are fetched and recorded")
    _check_recorded(row, recorded, sources, conversion)
    row.done()
    if conversion is not None and recorded:
        sizes = [one.size for one in conversion.inputs if one.size is not None]
        size = sum(sizes) if len(sizes) == len(conversion.inputs) else None
    return File(name, size, sha256, sources, conversion, recorded, sha256_begins=begins)


def _check_recorded(row: Row, recorded: bool, sources: tuple[Source, ...], conversion: Conversion | None) -> None:
    if recorded and conversion is not None and sources:
        raise ManifestError(f"{row.where}: what is converted and recorded is nowhere fetched; leave sources out")
    if recorded and any(not isinstance(source, HubSource | HttpsSource) for source in sources):
        raise ManifestError(f"{row.where}: only files of a hub or of an https address can be recorded")
    if conversion is not None and not recorded and any(one.recorded for one in conversion.inputs):
        raise ManifestError(f"{row.where}: what is made of recorded inputs is recorded too")


def read_set(row: Row) -> HubSet:
    """Reads the table of a set of a hub's files.

    Raises:
        ManifestError: it breaks a rule.
    """
    found = HubSet(
        row.text("repository", _REPOSITORY, "owner/name"),
        row.text("revision", _REVISION, "a commit, a tag or a branch"),
        tuple(row.texts("files")),
        tuple(row.texts("optional")),
        row.text("folder") if row.has("folder") else "",
    )
    row.done()
    if not found.patterns:
        raise ManifestError(f"{row.where}: files is empty; give paths or patterns of files that have to be there")
    if found.folder and not inside(found.folder):
        raise ManifestError(f"{row.where}: folder = {found.folder!r}; give a path below the model's folder")
    return found


def _source(row: Row, archives: Archives, recorded: bool) -> Source:
    kind = row.text("kind")
    source: Source
    if kind == "wheel":
        members = row.rows("members") if row.has("members") else [row]
        source = WheelSource(tuple(_member(member, "wheel", archives.wheels) for member in members))
    elif kind == "sdist":
        source = SdistSource(*_member(row, "sdist", archives.sdists))
    elif kind == "hub":
        rule = (_REVISION, "a commit, a tag or a branch") if recorded else (_COMMIT, "a whole commit, 40 hex digits")
        source = HubSource(
            row.text("repository", _REPOSITORY, "owner/name"), row.text("revision", *rule), row.text("path")
        )
    elif kind == "https":
        source = HttpsSource(row.text("url"))
    else:
        raise ManifestError(f"{row.where}: kind = {kind!r}; choose wheel, sdist, hub or https")
    row.done()
    return source


def _member(row: Row, kind: str, archives: Mapping[str, Archive]) -> tuple[Archive, str]:
    name, path = row.text(kind), row.text("path")
    if name not in archives:
        raise ManifestError(f"{row.where}: {kind} = {name!r}; describe it under [{kind}s.{name}]")
    return archives[name], path
