"""One replica: ``python -m tools.rehearsal.replica NAME``, the service essentia with the engine of the rehearsal.

Settings are those of the service. It writes ``ready`` to its output once it is; SIGUSR1 has it say that it is not.
"""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import sys

from chassis.family.host import FamilyHost
from chassis.server.logs import configure_logs
from chassis.server.serving import Server, serve
from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.settings import read
from services.essentia import service
from services.essentia.settings import EssentiaSettings


async def run(name: str) -> None:
    """Serves until SIGTERM."""
    server_settings, workers = read(ServerSettings, "ESSENTIA"), read(WorkerSettings, "ESSENTIA")
    configure_logs(server_settings.log_level)
    family = service.family(EssentiaSettings(engine=name))
    host = FamilyHost(dataclasses.replace(family, jobs="tools.rehearsal.engine:Jobs"), server_settings, workers)
    server = Server(family.name, server_settings, family.port)
    server.add(service.Servicer(host), service.register, service.FULL_NAME)
    host.report_to(server)
    refusing, told = asyncio.Event(), asyncio.Event()

    def ready() -> bool:
        if host.pool.ready and not told.is_set():
            told.set()
            print("ready", flush=True)
        return host.pool.ready and not refusing.is_set()

    def refuse() -> None:
        refusing.set()
        server.refresh()

    server.ready_when(ready)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, refuse)
    host.start()
    await serve(server, closers=[host.close])


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
