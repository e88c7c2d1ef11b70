"""Digests that no manifest can know: of files converted here, recorded at the first pull and held to afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from chassis.models.blobs import unwritable
from chassis.models.model import Conversion, File
from chassis.models.plain_file import read_plain

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 1 << 20


class Records:
    """The records of a store, one for each conversion and the pinned inputs it was given.

    ``records/<hex>.json`` says what the conversion gave when it ran first. The name is made of the conversion and of
    its inputs' digests, so a manifest that pins other inputs, or names another conversion, begins anew.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def known(self, file: File) -> File:
        """``file`` with what is recorded for it; unchanged where it is pinned, or no sensible record is there."""
        if not file.recorded or file.conversion is None:
            return file
        record: Any = None
        with contextlib.suppress(OSError, ValueError, RecursionError):
            record = json.loads(read_plain(self.path(file.conversion), _MOST_BYTES))
        match record:
            case {"sha256": str(digest), "size": int(size)} if _SHA256.fullmatch(digest) and size >= 0:
                return replace(file, sha256=digest, size=size)
        return file

    def add(self, file: File, sha256: str, size: int) -> None:
        """Writes down what the conversion of ``file`` gave.

        Raises:
            AntiphonError: MODEL_STORE_UNWRITABLE.
        """
        assert file.conversion is not None
        made = f"{file.conversion.module}:{file.conversion.function}"
        inputs = {one.name: one.sha256 for one in file.conversion.inputs}
        record = {"file": file.name, "sha256": sha256, "size": size, "conversion": made, "inputs": inputs}
        path = self.path(file.conversion)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
            os.replace(fresh, path)
        except OSError as error:
            raise unwritable(self._root, error) from error

    def path(self, conversion: Conversion) -> Path:
        """Where the record of that conversion lies or would lie."""
        rows = [f"{conversion.module}:{conversion.function}", *(one.sha256 for one in conversion.inputs)]
        return self._root / "records" / f"{hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}.json"
