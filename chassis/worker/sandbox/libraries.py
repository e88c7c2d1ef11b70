"""The system's libraries by name, asked for while programs can still be run.

``ctypes.util.find_library`` runs ldconfig or a compiler each time. In the sandbox neither can be run, and a package
that brings no library of its own, as some builds of soundfile do, would find none that the system has.
"""

from __future__ import annotations

import ctypes.util
import platform
import re
import subprocess
from collections.abc import Mapping

_PROGRAM = ("/sbin/ldconfig", "-p")
_SECONDS = 10
_LINE = re.compile(r"^\s*(lib(.+?)\.so\S*) \(([^)]*)\) => ", re.MULTILINE)
_ABI = {"x86_64": "x86-64", "aarch64": "AArch64"}


def keep_finding() -> None:
    """Has ``ctypes.util.find_library`` answer from what the system has now; leaves it alone where that is not told."""
    if known := listed():
        ctypes.util.find_library = known.get  # type: ignore[assignment]  # it has one signature for each system


def listed() -> Mapping[str, str]:
    """Names the system's libraries for this processor: file name by name, such as ``libm.so.6`` by ``m``.

    Empty where ldconfig cannot be run, as elsewhere than on Linux.
    """
    try:
        done = subprocess.run(_PROGRAM, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    abi = _ABI.get(platform.machine(), "")
    found: dict[str, str] = {}
    for file, name, kind in _LINE.findall(done.stdout):
        if abi in kind:
            found.setdefault(name, file)
    return found
