"""The client stands alone: it needs the wire and the messages, and nothing that only servers or programs have."""

from __future__ import annotations

import subprocess
import sys

PROGRAMS = ("antiphon_cli", "antiphon_renderers", "chassis", "gateway", "services")
LIBRARIES = ("numpy", "av", "soxr", "click", "rich", "grpc_status", "grpc_health", "grpc_reflection", "opentelemetry")


def test_the_client_is_imported_without_what_servers_and_programs_need() -> None:
    script = f"import sys\nfor name in {PROGRAMS + LIBRARIES!r}: sys.modules[name] = None\nimport antiphon_client"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
