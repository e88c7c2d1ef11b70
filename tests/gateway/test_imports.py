"""The gateway is thin: starting it loads no numbers, no audio and no models."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import gateway.__main__
print(" ".join(sorted({name.split(".")[0] for name in sys.modules} | {"chassis.audio"} & set(sys.modules))))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Top-level names of all modules that a starting gateway loads."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["numpy", "av", "soxr", "torch", "services", "chassis.audio", "antiphon_client"])
def test_a_starting_gateway_does_not_load(loaded: set[str], module: str) -> None:
    assert "gateway" in loaded
    assert module not in loaded
