"""Brings models into the store: what is missing or damaged is fetched, converted where need be, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from chassis.models.events import Event, Installed, Note, Report
from chassis.models.model import File, Model
from chassis.models.settings import HubSettings, StoreSettings
from chassis.models.sources import Fetcher, Mirror
from chassis.models.store import Store
from chassis.models.transfer import Transfer


@dataclass(frozen=True)
class Puller:
    """Pulls models of any service into their store.

    Attributes:
        project: Root of the project, in which conversions are found.
        report: Told of progress, of sources given up, and of models installed.
    """

    project: Path
    settings: StoreSettings
    hub: HubSettings
    report: Report
    transfer: Transfer = field(default_factory=Transfer)

    def pull(self, store: Store, name: str) -> None:
        """Installs one model; files that are there and sound are left alone.

        Raises:
            AntiphonError: UNKNOWN_MODEL, MODEL_FETCH_FAILED with each source and why it failed, MODEL_MIRROR_MISSING,
                MODEL_STORE_FULL, MODEL_STORE_UNWRITABLE.
        """
        model = store.model(name)
        mirror = Mirror(self.settings.model_mirror) if self.settings.model_mirror is not None else None
        waiting = Note(name, "waiting for another process that is writing into this store")
        with store.blobs.workspace(lambda: self.report(waiting)) as folder:
            wanted = [file for file in model.files if not store.blobs.reread(file.sha256)]
            if wanted:
                store.blobs.ensure_room(sum(file.size for file in wanted) + 2 * model.download_bytes)
            fetcher = self._fetcher(store, model, folder, self.settings.model_sources, mirror)
            for file in wanted:
                _bring_in(store, fetcher, file)
            installed = store.lay_out(store.model(name))
        self.report(Installed(name, model.service, installed.directory, fetched=bool(wanted)))

    def take_in(self, store: Store, name: str, mirror: Mirror) -> int:
        """Takes what ``mirror`` holds of one model into the store; returns how many of its files came in.

        Raises:
            AntiphonError: MODEL_STORE_FULL, MODEL_STORE_UNWRITABLE.
        """
        model = store.model(name)
        quiet = replace(self, report=_ignore)
        taken = 0
        with store.blobs.workspace() as folder:
            fetcher = quiet._fetcher(store, model, folder, ("directory",), mirror)
            for file in model.files:
                if store.blobs.reread(file.sha256):
                    continue
                try:
                    _bring_in(store, fetcher, file)
                    taken += 1
                except AntiphonError as error:
                    if error.reason != "MODEL_FETCH_FAILED":
                        raise
            if taken and store.installed(name):
                self.report(Installed(name, model.service, store.lay_out(store.model(name)).directory, fetched=True))
        return taken

    def _fetcher(
        self, store: Store, model: Model, folder: Path, kinds: tuple[str, ...], mirror: Mirror | None
    ) -> Fetcher:
        return Fetcher(
            model, store.blobs, folder, self.project, kinds, self.hub, mirror, self.transfer, report=self.report
        )


def _bring_in(store: Store, fetcher: Fetcher, file: File) -> None:
    path, sha256 = fetcher.fetch(file)
    size = path.stat().st_size
    store.blobs.adopt(path, sha256)
    if file.recorded and not file.sha256:
        store.records.add(file, sha256, size)


def _ignore(event: Event) -> None:
    """Takes no notice: a folder that is imported need not hold everything."""
