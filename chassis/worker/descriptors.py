"""An upload goes to its worker as an open descriptor: a worker that reads no path can be kept from all of them."""

from __future__ import annotations

import os
import socket

_HERE, _NOT_HERE = b"+", b"-"


def hand_over(sock: socket.socket, path: str) -> None:
    """Sends a file opened for reading, or word that it could not be; never waits.

    Args:
        sock: The service's end.
        path: The file.

    Raises:
        OSError: nobody is there to take it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        sock.send(_NOT_HERE)
        return
    try:
        socket.send_fds(sock, [_HERE], [descriptor])
    finally:
        os.close(descriptor)


def take(sock: socket.socket) -> int:
    """Takes what :func:`hand_over` sent, which has to be closed; waits for it.

    Raises:
        FileNotFoundError: the service could not open it.
        EOFError: the service is gone.
    """
    said, descriptors, _, _ = socket.recv_fds(sock, 1, 1)
    if not said:
        raise EOFError
    if not descriptors:
        raise FileNotFoundError("the service could not open the upload")
    return descriptors[0]
