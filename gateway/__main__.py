"""Starts the gateway: ``python -m gateway``. The only place that knows all of it, and that mounts the faces."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from chassis.server.logs import configure_logs
from chassis.server.refusal import as_program, refusals
from chassis.server.serving import Server, serve
from chassis.server.settings import ServerSettings
from chassis.setting_names import refuse_misspelt
from chassis.settings import help_lines, read
from chassis.spool import Spool
from chassis.upload_places import UploadPlaces
from gateway import metrics
from gateway.analysis.admission import Admission
from gateway.analysis.limits import Limits
from gateway.analysis.plan import STAGES
from gateway.channels import open_channel, open_front, tls_of
from gateway.faces.grpc.service import AnalysisService
from gateway.replicas import Replicas
from gateway.service_call import Route
from gateway.settings import PORT, GatewaySettings

log = logging.getLogger(__name__)

PREFIX = "GATEWAY"
SERVICES = tuple(dict.fromkeys(stage.service for stage in STAGES))
"""The services that the stages ask, each once, by their words."""


async def run(settings: GatewaySettings, server_settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT."""
    spool = Spool(server_settings.spool_dir, server_settings.spool_bytes, server_settings.upload_bytes)
    uploads = UploadPlaces(
        server_settings.max_uploads, server_settings.peer_uploads, server_settings.upload_window_seconds
    )
    routes = open_routes(settings)
    metrics.expect(route.service for route in routes)
    server = Server("gateway", server_settings, PORT)
    server.add(
        AnalysisService(routes, limits_of(settings), Admission(settings.max_analyses, uploads), spool, server_settings),
        analysis_grpc.add_AnalysisServiceServicer_to_server,
        analysis_pb2.DESCRIPTOR.services_by_name["AnalysisService"].full_name,
    )
    await serve(server, [*(route.replicas.close for route in routes), spool.close])


def open_routes(settings: GatewaySettings) -> list[Route]:
    """Opens the way to every service, one for all stages that ask it."""
    tls = tls_of(settings.services_ca_file, settings.services_cert_file, settings.services_key_file)
    targets = {service: settings.target(service) for service in SERVICES if service in settings.services}
    return [
        Route(
            Replicas(
                service,
                target,
                partial(open_channel, target, tls, settings.max_answer_bytes),
                partial(open_front, target, tls),
                settings.start_seconds(service),
            )
        )
        for service, target in targets.items()
    ]


def limits_of(settings: GatewaySettings) -> Limits:
    """Gives the limits of each analysis."""
    return Limits(
        {service: settings.seconds(service) for service in SERVICES},
        settings.fuse_margin_seconds,
        settings.max_attempts,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the settings and serves; a bad setting ends the process with what is wrong."""
    _parser().parse_args(arguments)
    with refusals():
        settings, server_settings = read(GatewaySettings, PREFIX), read(ServerSettings, PREFIX)
        refuse_misspelt(PREFIX, ServerSettings, GatewaySettings)
        configure_logs(server_settings.log_level)
        log.info("gateway starts")
        asyncio.run(run(settings, server_settings))


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(help_lines(PREFIX, GatewaySettings, ServerSettings))
    return argparse.ArgumentParser(
        prog="python -m gateway",
        description="Runs the gateway's gRPC server. Settings are environment variables.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"example:\n  GATEWAY_PORT=50050 python -m gateway\n\nsettings:\n{listed}",
    )


if __name__ == "__main__":
    as_program(main)
