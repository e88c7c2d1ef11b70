"""A worker's scratch folder: the one place that it may write to, gone with it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from chassis.own_folder import fresh_folder

PREFIX = "antiphon-scratch-"


class Scratch:
    """A fresh folder below the system's temporary one; those that killed services left are removed on the way."""

    def __init__(self) -> None:
        folder, self._lock = fresh_folder(Path(tempfile.gettempdir()), PREFIX)
        self.folder = str(folder.absolute())

    async def remove(self) -> None:
        """Removes the folder with all that the worker left in it; a second call does nothing."""
        lock, self._lock = self._lock, None
        # Apart from the event loop: a worker that was taken over can leave any number of files.
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)
