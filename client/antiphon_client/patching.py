"""Makes a whole file of an encoded stream: writes into its header what only the end could tell."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO

from antiphon.audio.v1 import audio_pb2
from antiphon_client.errors import AntiphonClientError


def apply_patches(file: IO[bytes], patches: Iterable[audio_pb2.BytePatch]) -> None:
    """Writes the patches of a stem or of a generated piece into the file that its chunks were written to.

    Args:
        file: Open for writing, seekable, whole; left at its end.
        patches: Those of the :class:`Stem` or :class:`Piece` of the summary.

    Raises:
        AntiphonClientError: DATA_LOSS, PATCH_RANGE: one lies beyond the end of the file; nothing was written then.
    """
    patches = list(patches)
    size = file.seek(0, os.SEEK_END)
    for patch in patches:
        if not 0 <= patch.byte_offset <= size - len(patch.data):
            message = f"a patch of {len(patch.data)} bytes at {patch.byte_offset} lies beyond the {size} bytes received"
            raise AntiphonClientError("DATA_LOSS", "PATCH_RANGE", message, {"byte_offset": str(patch.byte_offset)})
    for patch in patches:
        file.seek(patch.byte_offset)
        file.write(patch.data)
    file.seek(0, os.SEEK_END)
