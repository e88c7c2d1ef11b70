"""The gRPC front of every process: errors, admission, health, drain, logs, metrics and traces in one place."""

from chassis.server.calls import rpc
from chassis.server.family import Call, Family, FamilyHost
from chassis.server.serving import Server, serve
from chassis.server.settings import DEFAULT_PORTS, ServerSettings, WorkerSettings

__all__ = [
    "DEFAULT_PORTS",
    "Call",
    "Family",
    "FamilyHost",
    "Server",
    "ServerSettings",
    "WorkerSettings",
    "rpc",
    "serve",
]
