"""What every test sees: the project on the path of child processes too."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis

ROOT = Path(__file__).parent.parent
os.environ["PYTHONPATH"] = os.pathsep.join(
    str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")
)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Whatever hypothesis judges by the clock is off: on a busy machine it says something about the neighbours.
hypothesis.settings.register_profile("antiphon", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("antiphon")


def pytest_configure() -> None:
    # A shell's background jobs ignore Ctrl-C, and so would every process of a test that sends one.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
