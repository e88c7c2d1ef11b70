"""Runs one model family's server: ``python -m services speech``, always from the root of the project.

A process started inside services/ would find our essentia folder where it looks for the library of that name.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
from pathlib import Path

from chassis import settings
from chassis.family.family import Family
from chassis.family.host import FamilyHost
from chassis.models import ManifestError
from chassis.server import Server, ServerSettings, WorkerSettings, serve
from chassis.server.logs import configure_logs
from chassis.server.refusal import as_program, refusals
from chassis.setting_names import refuse_misspelt

log = logging.getLogger(__name__)

NAMES = tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/service.py")))


def main() -> None:
    """Entry point."""
    name = _arguments().service
    module = importlib.import_module(f"services.{name}.service")
    prefix = name.upper()
    with refusals(ManifestError):
        server_settings = settings.read(ServerSettings, prefix)
        worker_settings = settings.read(WorkerSettings, prefix)
        family = module.family(settings.read(module.Settings, prefix))
        refuse_misspelt(prefix, ServerSettings, WorkerSettings, module.Settings)
        configure_logs(server_settings.log_level)
        log.info("%s starts", name)
        asyncio.run(_run(module, family, server_settings, worker_settings))


async def _run(module: object, family: Family, server_settings: ServerSettings, workers: WorkerSettings) -> None:
    host = FamilyHost(family, server_settings, workers)
    server = Server(family.name, server_settings, family.port)
    server.add(module.Servicer(host), module.register, module.FULL_NAME)  # type: ignore[attr-defined]
    host.report_to(server)
    host.start()
    await serve(server, closers=[host.close])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services",
        description="Runs one model family's gRPC server. Settings are environment variables.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  SPEECH_PORT=50052 python -m services speech\n\n" + _settings_help(),
    )
    parser.add_argument("service", choices=NAMES, help="the family to serve")
    return parser.parse_args()


def _settings_help() -> str:
    return "\n".join(
        [
            "settings of every service (prefix: the service's name, or ANTIPHON for all):",
            *settings.help_lines("<SERVICE>", ServerSettings, WorkerSettings),
            "",
            "Those of one service are in its README, and all in docs/settings.md.",
        ]
    )


if __name__ == "__main__":
    as_program(main)
