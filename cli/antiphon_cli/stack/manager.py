"""Tells the service manager that started the supervisor, such as systemd, how all fare.

The protocol is sd_notify's: datagrams of ``NAME=value`` lines to the Unix socket that ``NOTIFY_SOCKET`` names, where
``@`` stands for the zero byte of a name without a file.
"""

from __future__ import annotations

import contextlib
import os
import socket

from antiphon_cli.stack.state import Phase, StackState


def tell_state(state: StackState) -> None:
    """Tells how many services are ready, and that the start is over once all are."""
    ready = sum(service.phase is Phase.READY for service in state.services)
    others = [f"{each.name} {each.phase}" for each in state.services if each.phase is not Phase.READY]
    lines = [f"STATUS={ready} of {len(state.services)} ready" + (f": {', '.join(others)}" if others else "")]
    if state.phase is Phase.READY:
        lines.append("READY=1")
    _send(lines)


def tell_stop() -> None:
    """Tells that all are being stopped, on purpose or after a failed start."""
    _send(["STOPPING=1"])


def _send(lines: list[str]) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # A manager that does not listen is no reason to stop services.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto("\n".join(lines).encode(), f"\0{address[1:]}" if address[0] == "@" else address)
