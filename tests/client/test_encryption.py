"""Who speaks TLS to a server that does not, or the other way round, is told so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2_grpc

from antiphon_client import AntiphonClientError, SyncClient, Tls

Served = tuple[str, str, Path]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server's address in plain text and in TLS, and the CA of the latter."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    pair = (certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())
    server = grpc.server(futures.ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    plain = server.add_insecure_port("127.0.0.1:0")
    encrypted = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    yield f"127.0.0.1:{plain}", f"127.0.0.1:{encrypted}", path
    server.stop(None)


def refusal(target: str, tls: Tls | None) -> AntiphonClientError:
    with SyncClient(target, tls=tls) as client, pytest.raises(AntiphonClientError) as caught:
        client.services(timeout_seconds=10)
    assert caught.value.unreachable
    return caught.value


def test_a_plain_client_at_a_port_of_tls_is_told_so(served: Served) -> None:
    error = refusal(served[1], None)
    assert error.reason == "TLS_MISMATCH"
    assert served[1] in error.message
    assert "call it with TLS" in error.message


def test_a_client_with_tls_at_a_plain_port_is_told_so(served: Served) -> None:
    error = refusal(served[0], Tls(served[2]))
    assert (error.reason, error.message.partition(" ")[2]) == (
        "TLS_MISMATCH",
        "does not speak TLS; call it without, or at the port that does",
    )


def test_a_certificate_that_nobody_trusted_has_made_is_told_of(served: Served, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    error = refusal(served[1], Tls(tmp_path / "other.pem"))
    assert error.reason == "TLS_MISMATCH"
    assert "give its CA" in error.message


def test_with_the_right_ca_the_server_is_reached(served: Served) -> None:
    with SyncClient(served[1], tls=Tls(served[2])) as client, pytest.raises(AntiphonClientError) as caught:
        client.services(timeout_seconds=10)
    assert caught.value.code == "UNIMPLEMENTED", "it serves health alone"
