"""Channels to services that speak TLS and ask for a certificate."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import grpc
import pytest

from gateway.availability import check
from gateway.channels import open_channel, open_front, tls_of
from gateway.replicas import Replicas
from gateway.service_call import Route
from tests.gateway.peers import EssentiaPeer


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=antiphon", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


async def ready(target: str, ca_file: str = "", cert_file: str = "", key_file: str = "") -> bool:
    """Whether essentia answers on a channel with these TLS files."""
    tls = tls_of(ca_file, cert_file, key_file)
    replicas = Replicas("essentia", target, lambda: open_channel(target, tls, 1 << 20), lambda: open_front(target, tls))
    try:
        return (await check(Route(replicas))).ready
    finally:
        await replicas.close()


async def test_a_service_that_wants_a_certificate_is_reached_with_one_only(certificate: tuple[Path, Path]) -> None:
    public, key = certificate
    pair = (key.read_bytes(), public.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], root_certificates=pair[1], require_client_auth=True)
    peer = EssentiaPeer()
    await peer.start(credentials)
    assert await ready(peer.target, ca_file=str(public), cert_file=str(public), key_file=str(key))
    assert not await ready(peer.target, ca_file=str(public))
    assert not await ready(peer.target)
    await peer.server.stop(None)
