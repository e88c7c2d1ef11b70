"""A server that is started in a checkout finds what lies beside it, whether PYTHONPATH says so or not."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PARTS = ("", "gen", "wire", "renderers")


def complete_path() -> None:
    """Adds the folders of the checkout to the import path, of worker processes too, where they are not on it.

    Raises:
        SystemExit: a server is being started by an interpreter that lacks what every server needs.
    """
    if find_spec("antiphon_wire") is None and (_ROOT / "wire").is_dir():
        own = [str(_ROOT / part) for part in _PARTS]
        sys.path[:0] = own
        os.environ["PYTHONPATH"] = os.pathsep.join([*own, *filter(None, [os.environ.get("PYTHONPATH")])])
    # Python names its first argument so while it looks for the module that -m names.
    if sys.argv[:1] == ["-m"] and find_spec("grpc") is None:
        sys.exit(
            f"error: {sys.executable} has no grpc; start servers by make run-<name> or antiphon up, or by the "
            "interpreter of their environment, such as .venvs/gateway/bin/python"
        )
