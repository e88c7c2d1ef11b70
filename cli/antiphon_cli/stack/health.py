"""Asks a service on loopback whether it is ready."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

READINESS = "readiness"
SERVING = "SERVING"
NOT_ANSWERING = "not answering"


class HealthProbe:
    """Asks one port, over one connection that is kept."""

    def __init__(self, port: int, service: str = READINESS) -> None:
        self._service = service
        # Without quick reconnection a service that has just come up would be seen up to a second late.
        self._channel = grpc.insecure_channel(
            f"127.0.0.1:{port}",
            options=[
                ("grpc.enable_http_proxy", 0),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 500),
                # Channels to one address share a connection otherwise, and with it one that has just failed.
                ("grpc.use_local_subchannel_pool", 1),
            ],
        )

    def ask(self, timeout_seconds: float = 1.0) -> str:
        """Returns ``SERVING`` where it is ready, else the answer or the failure in a word or two."""
        stub = health_pb2_grpc.HealthStub(self._channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=self._service), timeout=timeout_seconds)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            if code is grpc.StatusCode.UNAVAILABLE:
                return NOT_ANSWERING
            return code.name.lower().replace("_", " ")
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


def ask_once(port: int, timeout_seconds: float = 1.0) -> str:
    """Asks once, on a connection of its own; answers as :meth:`HealthProbe.ask` does."""
    probe = HealthProbe(port)
    try:
        return probe.ask(timeout_seconds)
    finally:
        probe.close()
