"""Asks a server on this machine whether it is ready: ``python -m chassis.health PORT``; exit code 0 where it is.

It speaks plain text: a server that speaks TLS is asked on the port that its ``health_port`` setting opens.
"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_TIMEOUT_SECONDS = 2.0


def ready(target: str, service: str = "readiness") -> bool:
    """Whether ``target`` (host:port) answers SERVING for ``service`` within two seconds."""
    with grpc.insecure_channel(target) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service), timeout=_TIMEOUT_SECONDS
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if ready(f"127.0.0.1:{sys.argv[1]}") else 1)
