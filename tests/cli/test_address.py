"""Addresses of services as people write them."""

from __future__ import annotations

import click
import pytest

from antiphon_cli.address import ADDRESS

GOOD = (
    "127.0.0.1:50050",
    "gateway.example.org:443",
    "[::1]:50050",
    "localhost:1",
    "unix:/run/antiphon.sock",
    "dns:///a:1",
)


@pytest.mark.parametrize("text", GOOD)
def test_what_leads_to_a_service_is_left_as_it_is(text: str) -> None:
    assert ADDRESS.convert(text, None, None) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is no address; give HOST:PORT, such as 127.0.0.1:50050"),
        ("localhost", "'localhost' is no address"),
        ("::1:50050", "'::1:50050' is no address"),
        ("a b:1", "'a b:1' is no address"),
        ("http://localhost:50050", "is a URL; services speak gRPC, give HOST:PORT alone"),
        # gRPC takes the port modulo 65536.
        ("localhost:99999", "has no such port; give 1 to 65535"),
        ("localhost:0", "has no such port"),
    ],
)
def test_what_leads_to_none_or_to_a_stranger_is_refused(text: str, told: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        ADDRESS.convert(text, None, None)
    assert told in caught.value.message
