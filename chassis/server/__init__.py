"""The gRPC front of every process: errors, health, drain, logs, metrics and traces in one place.

What only model families need, uploads handed to workers, is in :mod:`chassis.family.family`.
"""

from chassis.server.calls import rpc
from chassis.server.serving import Server, serve
from chassis.server.settings import DEFAULT_PORTS, ServerSettings, WorkerSettings

__all__ = [
    "DEFAULT_PORTS",
    "Server",
    "ServerSettings",
    "WorkerSettings",
    "rpc",
    "serve",
]
