"""The checkout of Antiphon that services are started from and models are pulled by; an installed command may have none.

ANTIPHON_ROOT     the checkout; else the one that this file is part of, if it is part of one
ANTIPHON_STATE    folder of state and logs; else .run of the checkout, else a folder of the user
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from antiphon_cli import exits

_MARKS = ("Makefile", "chassis", "services")
"""What a folder holds that services can be started from."""


def find_checkout(environ: Mapping[str, str]) -> Path | None:
    """Finds the checkout; None where this command is installed and is told of none.

    Raises:
        Failure: ``ANTIPHON_ROOT`` names a folder that is no checkout.
    """
    if given := environ.get("ANTIPHON_ROOT"):
        root = Path(given).expanduser().resolve()
        if absent := [mark for mark in _MARKS if not (root / mark).exists()]:
            raise exits.Failure(f"ANTIPHON_ROOT is {root}, which is no checkout of Antiphon: it has no {absent[0]}")
        return root
    root = Path(__file__).resolve().parents[2]
    return root if all((root / mark).exists() for mark in _MARKS) else None


def need_checkout(environ: Mapping[str, str], purpose: str) -> Path:
    """Finds the checkout for a command that is nothing without one.

    Args:
        environ: Variables of the environment.
        purpose: What is done with it, such as ``antiphon up starts services from``.

    Raises:
        Failure: there is none; the message says how to come by one.
    """
    root = find_checkout(environ)
    if root is None:
        raise exits.Failure(
            f"{purpose} a checkout of Antiphon, and this command is installed without one; "
            "get one with git clone, and set ANTIPHON_ROOT to its folder. Its deploy/README.md says how to run images "
            "of the services instead; other commands find their gateway by --gateway or ANTIPHON_GATEWAY"
        )
    return root


def state_folder(environ: Mapping[str, str]) -> Path:
    """Finds the folder of state and logs of ``antiphon up``."""
    if given := environ.get("ANTIPHON_STATE"):
        return Path(given).expanduser().resolve()
    # A folder that is no checkout is for the commands that need one to refuse; others only look for state in it.
    root = Path(given).expanduser().resolve() if (given := environ.get("ANTIPHON_ROOT")) else find_checkout(environ)
    if root is not None:
        return root / ".run"
    return Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "antiphon"


def python_path(root: Path) -> str:
    """Returns the import path of services and gateway."""
    return os.pathsep.join(str(root / part) for part in ("", "gen", "wire", "renderers"))


def environment_name(root: Path, service: str, environ: Mapping[str, str]) -> str:
    """Names the environment, a folder of ``.venvs``, that runs a service.

    ``<service>-<engine>`` where the engine chosen by ``<SERVICE>_ENGINE`` (or ``ANTIPHON_ENGINE``, as in the service's
    own settings) has requirements of its own, else ``<service>``.
    """
    engine = environ.get(f"{service.upper()}_ENGINE") or environ.get("ANTIPHON_ENGINE") or ""
    own = root / "services" / service / f"requirements-{engine}.lock"
    # A name that reaches out of the folder is no engine; the service says which there are.
    return f"{service}-{engine}" if engine and own.parent.name == service and own.is_file() else service


def environment_python(root: Path, environment: str) -> Path:
    """Returns the interpreter of an environment, whether it has been made or not."""
    return root / ".venvs" / environment / "bin" / "python"
