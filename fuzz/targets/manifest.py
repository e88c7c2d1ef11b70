"""Manifests, recorded digests and listings of a hub: read, or refused by name; a senseless record is none."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from chassis.models.connection import SourceError
from chassis.models.hub import read_listing
from chassis.models.manifest import Manifest, ManifestError
from chassis.models.model import Conversion, File, HubSet
from chassis.models.names import inside
from chassis.models.records import Records, key_of
from fuzz.scratch import in_a_file, scratch
from fuzz.target import FindingError, Target

_SERVICES = Path(__file__).resolve().parents[2] / "services"
_RECORD = b'{"file": "model.safetensors", "sha256": "%s", "size": 12}' % (b"ab" * 32)
_LISTED = b'{"commit": "%s", "files": [{"path": "a.bin", "sha256": "%s", "size": 12}]}' % (b"ab" * 20, b"ab" * 32)
_LISTING = b'{"sha": "%s", "siblings": [{"rfilename": "a.bin", "size": 12, "blobId": "%s"}]}' % (b"ab" * 20, b"cd" * 20)
_SET = HubSet("owner/name", "main", ("*.bin",))
_RECORDED = File("model.safetensors", None, "", (), Conversion("services.x", "convert", (), ()), recorded=True)


def _seeds() -> list[bytes]:
    return [
        *(path.read_bytes()[:6000].rpartition(b"\n[[models]]")[0] for path in sorted(_SERVICES.glob("*/models.toml"))),
        _RECORD,
        _LISTED,
        _LISTING,
    ]


def _accepts(data: bytes) -> bool:
    _read_record(data)
    with contextlib.suppress(SourceError):
        read_listing("owner/name", data, "https://hub.example/listing")
    try:
        Manifest.load(in_a_file(data, "models.toml"))
    except ManifestError:
        return False
    return True


def _read_record(data: bytes) -> None:
    records = Records(scratch())
    for key in (key_of(_RECORDED), key_of(_SET)):
        records.path(key).parent.mkdir(exist_ok=True)
        records.path(key).write_bytes(data)
    for file in records.members(_SET):
        if not inside(file.name) or re.fullmatch("[0-9a-f]{64}", file.sha256) is None:
            raise FindingError(f"a record was believed that says {file.name!r}, {file.sha256!r}")
    found = records.known(_RECORDED)
    if found.sha256 and (re.fullmatch("[0-9a-f]{64}", found.sha256) is None or (found.size or 0) < 0):
        raise FindingError(f"a record was believed that says {found.sha256!r}, {found.size}")


TARGET = Target(
    "manifest", _seeds, _accepts, (b'"', b"[[models]]\n", b"{", b"[", b"null", b"-1", b"1e999", b'"../x"', b"\xff")
)
