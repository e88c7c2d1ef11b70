"""The weights that are installed: checked, and laid out under their own names for the libraries that load them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from antiphon_wire.errors import not_ready
from chassis.models.blobs import Blobs, Seal, unreadable, unwritable
from chassis.models.manifest import Manifest
from chassis.models.model import File, Model
from chassis.models.records import Records
from chassis.models.settings import read_settings
from chassis.reports import ModelReport

LICENCE_POLICIES = ("any", "commercial")
"""What weights a store gives out: all, or those whose licence allows commercial use."""


@dataclass(frozen=True)
class InstalledModel:
    """A model whose files are there and hold what the manifest says.

    Attributes:
        model: Its row in the manifest.
        directory: Folder with every file under its own name.
        files: Path of each file in that folder, by name.
    """

    model: Model
    directory: Path
    files: Mapping[str, Path]

    @property
    def name(self) -> str:
        """Name in the manifest."""
        return self.model.name

    @property
    def revision(self) -> str:
        """Identifies the weights at their publisher."""
        return self.model.revision

    def report(self) -> ModelReport:
        """What an answer says of the model that made it."""
        return ModelReport(
            name=self.model.name,
            revision=self.model.revision,
            weights_sha256={file.name: file.sha256 for file in self.model.files},
            license_spdx=self.model.license_spdx,
            commercial_use=self.model.commercial_use,
            digest_source=self.model.digest_source,
        )


class Store:
    """The installed models of one service.

    Args:
        root: Folder that keeps weights; None for ``ANTIPHON_MODELS``, else ``~/.cache/antiphon/models``.
        manifest: What the service's ``models.toml`` lists, or the path of that file.
        licence_policy: One of LICENCE_POLICIES: ``any``, or ``commercial`` to refuse weights that may not be used so.
    """

    def __init__(self, root: Path | None, manifest: Manifest | Path, licence_policy: str = "any") -> None:
        if licence_policy not in LICENCE_POLICIES:
            raise ValueError(f"licence_policy={licence_policy!r}: choose one of {', '.join(LICENCE_POLICIES)}")
        self._licence_policy = licence_policy
        self.root = (root if root is not None else read_settings()[0].root).absolute()
        self.manifest = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest)
        self.blobs = Blobs(self.root)
        self.records = Records(self.root)

    def model(self, name: str) -> Model:
        """The model's row, with what was recorded of those of its files that no manifest pins.

        Raises:
            AntiphonError: UNKNOWN_MODEL.
        """
        return self.records.expanded(self.manifest.model(name))

    def installed(self, name: str) -> bool:
        """Whether every file of the model is there with its size; digests are left to ``require``.

        Raises:
            AntiphonError: UNKNOWN_MODEL.
        """
        model = self.model(name)
        return not model.sets and all(self.blobs.present(file.sha256, file.size) for file in model.files)

    def allowed(self, name: str) -> bool:
        """Whether the licence of the model's weights fits the policy.

        Raises:
            AntiphonError: UNKNOWN_MODEL.
        """
        return self._licence_policy == "any" or self.manifest.model(name).commercial_use

    def check(self, name: str) -> None:
        """Says without reading a file whether the model may be used and is there.

        Raises:
            AntiphonError: UNKNOWN_MODEL; LICENCE_REFUSED where the policy excludes it; MODEL_NOT_INSTALLED with the
                command that installs it; MODEL_STORE_UNREADABLE where the user may not look.
        """
        model = self.model(name)
        if not self.allowed(name):
            raise not_ready(
                "LICENCE_REFUSED",
                f"the weights of {name!r} are under {model.license_spdx}, which forbids commercial use; "
                "ANTIPHON_LICENCE_POLICY=commercial refuses them",
                model=name,
                service=model.service,
                license_spdx=model.license_spdx,
                licence_policy=self._licence_policy,
            )
        missing = [file.name for file in model.files if not self._there(name, file)]
        missing += [pattern for one in model.sets for pattern in one.patterns]
        if missing:
            command = f"antiphon models pull {name}"
            raise not_ready(
                "MODEL_NOT_INSTALLED",
                f"the model {name!r} is not installed; install it with: {command}",
                model=name,
                service=model.service,
                command=command,
                missing=", ".join(missing),
            )

    def require(self, name: str) -> InstalledModel:
        """Gives the model's files, each checked against its digest once in this process.

        Raises:
            AntiphonError: UNKNOWN_MODEL; LICENCE_REFUSED where the policy excludes it; MODEL_NOT_INSTALLED with the
                command that installs it; MODEL_STORE_UNREADABLE where the user may not read it;
                MODEL_CORRUPT with the damaged blob and the command that replaces it;
                MODEL_STORE_UNWRITABLE where the folder of names must be made and cannot.
        """
        self.check(name)
        model, command = self.model(name), f"antiphon models pull {name}"
        for file in model.files:
            if not self._sound(name, file):
                raise not_ready(
                    "MODEL_CORRUPT",
                    f"{file.name} of the model {name!r} is damaged; replace it with: {command}",
                    model=name,
                    service=model.service,
                    command=command,
                    file=file.name,
                    blob=file.sha256,
                )
        return self.lay_out(model)

    def _there(self, name: str, file: File) -> bool:
        try:
            return bool(file.sha256) and self.blobs.path(file.sha256).exists()
        except PermissionError as error:
            raise unreadable(name, file.name) from error

    def _sound(self, name: str, file: File) -> bool:
        try:
            return self.blobs.sound(file.sha256)
        except PermissionError as error:
            raise unreadable(name, file.name) from error

    def seals(self, name: str) -> tuple[Seal | None, ...]:
        """What changes when a file of the model is written or replaced, for each of them.

        Raises:
            AntiphonError: UNKNOWN_MODEL.
        """
        return tuple(self.blobs.seal(file.sha256) for file in self.model(name).files)

    def damaged(self, name: str) -> tuple[str, ...]:
        """Reads the model's files again and names those that are missing or do not hold what they should."""
        return tuple(file.name for file in self.model(name).files if not self.blobs.reread(file.sha256))

    def view(self, model: Model) -> Path:
        """Folder in which the files of a model, as it is given by ``model``, have their names, or would have them."""
        rows = "".join(f"{file.sha256}  {file.name}\n" for file in sorted(model.files, key=lambda file: file.name))
        return self.root / "views" / model.service / model.name / hashlib.sha256(rows.encode()).hexdigest()[:16]

    def lay_out(self, model: Model) -> InstalledModel:
        """Makes the folder in which the model's blobs have their names; leaves alone what is right already."""
        directory = self.view(model)
        files = {file.name: directory / file.name for file in model.files}
        for file in model.files:
            try:
                _point(files[file.name], self.blobs.path(file.sha256))
            except OSError as error:
                raise unwritable(self.root, error) from error
        return InstalledModel(model, directory, files)


def _point(link: Path, blob: Path) -> None:
    with contextlib.suppress(OSError):
        if link.samefile(blob):
            return
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{secrets.token_hex(4)}")
    # Relative, so that the store can be moved, or mounted somewhere else.
    fresh.symlink_to(os.path.relpath(blob, link.parent))
    os.replace(fresh, link)
