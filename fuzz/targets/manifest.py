"""Manifests of models and recorded digests: read, or refused by name; a record that makes no sense is none."""

from __future__ import annotations

import re
from pathlib import Path

from chassis.models.manifest import Manifest, ManifestError
from chassis.models.model import Conversion, File
from chassis.models.records import Records, key_of
from fuzz.scratch import in_a_file, scratch
from fuzz.target import FindingError, Target

_SERVICES = Path(__file__).resolve().parents[2] / "services"
_RECORD = b'{"file": "model.safetensors", "sha256": "%s", "size": 12}' % (b"ab" * 32)
_RECORDED = File("model.safetensors", None, "", (), Conversion("services.x", "convert", (), ()), recorded=True)


def _seeds() -> list[bytes]:
    return [
        *(path.read_bytes()[:6000].rpartition(b"\n[[models]]")[0] for path in sorted(_SERVICES.glob("*/models.toml"))),
        _RECORD,
    ]


def _accepts(data: bytes) -> bool:
    _read_record(data)
    try:
        Manifest.load(in_a_file(data, "models.toml"))
    except ManifestError:
        return False
    return True


def _read_record(data: bytes) -> None:
    records = Records(scratch())
    path = records.path(key_of(_RECORDED))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    found = records.known(_RECORDED)
    if found != _RECORDED and (re.fullmatch("[0-9a-f]{64}", found.sha256) is None or (found.size or 0) < 0):
        raise FindingError(f"a record was believed that says {found.sha256!r}, {found.size}")


TARGET = Target(
    "manifest", _seeds, _accepts, (b'"', b"[[models]]\n", b"{", b"[", b"null", b"-1", b"1e999", b'"../x"', b"\xff")
)
