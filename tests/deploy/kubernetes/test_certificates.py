"""A server with the environment of its manifest and a certificate as the manifests order it takes its callers alone."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.server.serving import Server
from chassis.server.settings import ServerSettings
from chassis.settings import read
from tests.deploy.kubernetes.objects import Objects, variables

AUTHORITY = trustme.CA()


def issued(objects: Objects, name: str) -> trustme.LeafCert:
    """The certificate that cert-manager would make of an order."""
    (order,) = [each for each in objects.of("Certificate") if each["metadata"]["name"] == name]
    return AUTHORITY.issue_cert(*order["spec"]["dnsNames"])


async def started(objects: Objects, word: str, folder: Path) -> Server:
    """A server with its container's environment, on loopback, at a free port, and the Secret in a folder."""
    container = objects.servers[word]["spec"]["template"]["spec"]["containers"][0]
    told = {name: value.replace("/tls/", f"{folder}/") for name, value in variables(container).items()}
    prefix = word.upper()
    told |= {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": "-1", "ANTIPHON_HEALTH_PORT": "0"}
    certificate = issued(objects, objects.servers[word]["metadata"]["name"])
    (folder / "tls.crt").write_bytes(certificate.cert_chain_pems[0].bytes())
    (folder / "tls.key").write_bytes(certificate.private_key_pem.bytes())
    AUTHORITY.cert_pem.write_to_path(str(folder / "ca.crt"))
    server = Server(word, read(ServerSettings, prefix, told))
    await server.start()
    return server


async def asked(server: Server, name: str, client: trustme.LeafCert | None) -> grpc.StatusCode:
    """How a call ends that asks a server by a name, with a certificate or with none."""
    shown = (client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes()) if client else (None, None)
    credentials = grpc.ssl_channel_credentials(AUTHORITY.cert_pem.bytes(), *shown)
    options = [("grpc.ssl_target_name_override", name), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"127.0.0.1:{server.port}", credentials, options) as channel:
        try:
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("word", "name", "caller"),
    [
        ("speech", "speech", "gateway"),
        ("llm_audio", "llm-audio", "gateway"),
        ("generation", "generation.antiphon.svc", "client"),
        ("gateway", "gateway.antiphon", "client"),
    ],
)
async def test_a_server_takes_the_caller_that_its_manifest_names(
    overlays: dict[str, Objects], tmp_path: Path, word: str, name: str, caller: str
) -> None:
    objects = overlays["overlays/cpu"]
    server = await started(objects, word, tmp_path)
    assert await asked(server, name, issued(objects, caller)) is grpc.StatusCode.OK
    # Another pod's certificate is of the same CA, and none is none.
    assert await asked(server, name, issued(objects, "essentia")) is grpc.StatusCode.PERMISSION_DENIED
    assert await asked(server, name, None) is grpc.StatusCode.UNAVAILABLE
    assert await asked(server, "other.example", issued(objects, caller)) is grpc.StatusCode.UNAVAILABLE
    await server.drain()
