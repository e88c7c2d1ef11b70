"""Starts the gateway: ``python -m gateway``."""

from __future__ import annotations

import asyncio
import sys

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from chassis.server.serving import Server, configure_logs, serve
from chassis.server.settings import ServerSettings
from chassis.settings import SettingError, read
from chassis.spool import Spool
from gateway.backends import open_backends
from gateway.faces.grpc.service import AnalysisService
from gateway.settings import PORT, GatewaySettings

PREFIX = "GATEWAY"


async def run(settings: GatewaySettings, server_settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT."""
    spool = Spool(server_settings.spool_dir, server_settings.spool_bytes, server_settings.upload_bytes)
    backends = open_backends(settings)
    server = Server("gateway", server_settings, PORT)
    server.add(
        AnalysisService(settings, server_settings, spool, backends),
        analysis_grpc.add_AnalysisServiceServicer_to_server,
        analysis_pb2.DESCRIPTOR.services_by_name["AnalysisService"].full_name,
    )
    await serve(server, [*(backend.line.channel.close for backend in backends.values()), spool.close])


def main() -> None:
    """Reads the settings and serves; a bad setting ends the process with what is wrong."""
    try:
        settings, server_settings = read(GatewaySettings, PREFIX), read(ServerSettings, PREFIX)
    except SettingError as error:
        sys.exit(f"error: {error}")
    configure_logs(server_settings.log_level)
    try:
        asyncio.run(run(settings, server_settings))
    except OSError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
