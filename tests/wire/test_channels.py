"""Channels: the same options for whoever calls, and TLS from files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from antiphon_wire.channels import RECONNECT, Tls, channel_options, open_channel, open_sync_channel
from antiphon_wire.limits import MAX_ANSWER_BYTES
from tests.wire.conftest import ANALYZE, Serve


async def nothing(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
    """Ends OK without a word."""
    return
    yield


@pytest.fixture
def files(tmp_path: Path) -> Tls:
    """An authority of its own, and a certificate and key that it gave for 127.0.0.1."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "antiphon.test")
    root, certificate, key = (tmp_path / name for name in ("root.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(str(root))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return Tls(root, certificate, key)


def credentials(files: Tls) -> grpc.ServerCredentials:
    """Those of a server that wants a certificate of its callers."""
    assert files.root_certificates is not None
    assert files.certificate is not None
    assert files.key is not None
    return grpc.ssl_server_credentials(
        [(files.key.read_bytes(), files.certificate.read_bytes())],
        root_certificates=files.root_certificates.read_bytes(),
        require_client_auth=True,
    )


async def answers(target: str, tls: Tls | None) -> bool:
    """Whether a call on a channel of ours ends well."""
    async with open_channel(target, tls) as channel:
        try:
            # One request and no iterator of them, which grpc.aio may be sending still when the call ends.
            async for _ in channel.unary_stream(ANALYZE)(b"", timeout=5):
                pass
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            return False
    return True


def test_a_channel_pings_and_takes_long_answers() -> None:
    options = dict(channel_options("example.org:50050"))
    assert options["grpc.keepalive_time_ms"] == 20_000
    assert options["grpc.max_receive_message_length"] == MAX_ANSWER_BYTES == 64 << 20
    assert "grpc.enable_http_proxy" not in options


@pytest.mark.parametrize("target", ["127.0.0.1:50050", "[::1]:50050", "localhost:50050", "dns:///localhost:50050"])
def test_no_proxy_stands_before_this_machine(target: str) -> None:
    assert dict(channel_options(target))["grpc.enable_http_proxy"] == 0


def test_what_a_caller_adds_comes_along() -> None:
    extra = [*RECONNECT, ("grpc.service_config", "{}"), ("grpc.keepalive_time_ms", 10_000)]
    given = channel_options("example.org:1", max_answer_bytes=5, extra=extra)
    options = dict(given)
    assert len(options) == len(given)
    assert options["grpc.keepalive_time_ms"] == 10_000
    assert options["grpc.max_receive_message_length"] == 5
    assert options["grpc.max_reconnect_backoff_ms"] == 2_000
    assert options["grpc.service_config"] == "{}"


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="together"):
        Tls(certificate=tmp_path / "cert.pem")
    with pytest.raises(OSError, match=r"absent\.pem"):
        open_sync_channel("127.0.0.1:1", Tls(root_certificates=tmp_path / "absent.pem"))


async def test_a_server_that_wants_a_certificate_is_reached_with_one_only(serve: Serve, files: Tls) -> None:
    async with serve(nothing, credentials(files)) as target:
        assert await answers(target, files)
        assert not await answers(target, Tls(files.root_certificates))
        assert not await answers(target, None)


async def test_a_blocking_channel_speaks_tls_too_and_may_expect_another_name(serve: Serve, files: Tls) -> None:
    def call(server_name: str) -> list[Any]:
        with open_sync_channel(
            target, Tls(files.root_certificates, files.certificate, files.key, server_name)
        ) as channel:
            return list(channel.stream_stream(ANALYZE)(iter(()), timeout=5))

    async with serve(nothing, credentials(files)) as target:
        assert await asyncio.to_thread(call, "antiphon.test") == []
        with pytest.raises(grpc.RpcError):
            await asyncio.to_thread(call, "another.test")
