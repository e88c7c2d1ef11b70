"""The gRPC front of every process: errors, health, drain, logs, metrics and traces in one place.

What only model families need, uploads handed to workers, is in :mod:`chassis.family`.
"""

from chassis.server.calls import live_rpc, rpc
from chassis.server.serving import Server, serve
from chassis.server.settings import ServerSettings, WorkerSettings

__all__ = [
    "Server",
    "ServerSettings",
    "WorkerSettings",
    "live_rpc",
    "rpc",
    "serve",
]
