"""The metrics page: what it answers, and what those who never ask cannot do to it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chassis.server.metrics_page import MetricsPage
from chassis.server.settings import ServerSettings

LIMIT, SECONDS = 4, 0.5


@pytest_asyncio.fixture
async def page() -> AsyncIterator[MetricsPage]:
    """A page with few connections and little time."""
    page = MetricsPage("speech", LIMIT, SECONDS)
    await page.start("127.0.0.1", 0)
    yield page
    page.close()


async def say(page: MetricsPage, request: bytes) -> bytes:
    """All that comes back until the page closes; nothing where it resets."""
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("line", "status", "holds"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK", b"antiphon_calls_total"),
        (b"GET /metrics?x=1 HTTP/1.0", b"200 OK", b"antiphon_calls_total"),
        (b"GET /etc/passwd HTTP/1.1", b"404 Not Found", b"/metrics"),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed", b"Content-Length: 0"),
    ],
)
async def test_the_page_is_read_and_nothing_else(page: MetricsPage, line: bytes, status: bytes, holds: bytes) -> None:
    answer = await say(page, line + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert holds in answer


async def test_a_head_request_tells_the_length_and_sends_no_body(page: MetricsPage) -> None:
    answer = await say(page, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 0\r\n" not in answer


async def test_idle_connections_neither_pile_up_nor_keep_a_scraper_out(page: MetricsPage) -> None:
    threads = threading.active_count()
    idle = [await asyncio.open_connection("127.0.0.1", page.port) for _ in range(50)]
    assert (await say(page, b"GET /metrics HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert page.connection_count <= LIMIT
    assert threading.active_count() <= threads  # one of another test's may end meanwhile
    # All but the last few were ended; one that was not would keep this waiting.
    async with asyncio.timeout(10):
        for reader, _ in idle[: 50 - LIMIT]:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
    for _, writer in idle:
        writer.close()


async def test_a_request_that_comes_byte_by_byte_is_ended_in_time(page: MetricsPage) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", page.port)
    started = time.monotonic()
    with pytest.raises(ConnectionError):
        while time.monotonic() - started < 10:
            writer.write(b"G")
            await writer.drain()
            await asyncio.sleep(0.05)
    # Ten times what it may take: the machine may be busy.
    assert time.monotonic() - started < 10 * SECONDS
    assert page.connection_count == 0


async def test_a_request_without_end_is_dropped(page: MetricsPage) -> None:
    assert await say(page, b"GET /" + b"a" * 100_000) == b""
    assert (await say(page, b"GET /metrics HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200")


def test_the_metrics_stay_on_loopback_where_the_service_does_not() -> None:
    assert ServerSettings(host="0.0.0.0").metrics_host == "127.0.0.1"
