"""Frames between a service and its worker: rows of msgpack scalars over one socket pair.

The worker handles untrusted audio with native code. Should that ever be taken over, what it says must not take over the
service, nor its memory or its time. So a frame has no structure of its own: it is a row of numbers, texts, bytes, truth
values and nothing, without one array, map or extension, and what the row means stands in the types that the reader
expects (:mod:`chassis.worker.schema`). A parser of rows has nothing to nest, to name twice or to loop over.

A frame has at most ``MAX_FRAME_BYTES``. What may be longer in a message is bytes alone: matrices of tags, and numbers
in a row, which are packed. Long bytes go ahead of their message in pieces that nobody parses, ``MAX_ATTACHED_BYTES`` at
most, since the answer that they become is no larger. Stems, generated music and live audio come in blocks of at most
half a mebibyte, and an upload is an open file (:mod:`chassis.worker.descriptors`). So nothing that a worker sends is
worth a descriptor, of which its service would have to keep count; and a piece is short enough for a full pipe to hold
its sender back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import islice
from typing import NoReturn

import msgpack

from antiphon_wire.limits import MAX_ANSWER_BYTES

HEADER = struct.Struct("<BI")
"""Kind and size of a frame's body."""
MAX_FRAME_BYTES = 16 << 20
PIECE_BYTES = 1 << 20
"""Most bytes of a piece."""
_IN_THE_ROW = 16 << 10
"""Most bytes that stand in a row; more would only be copied by its parser."""
MAX_ATTACHED_BYTES = MAX_ANSWER_BYTES
MAX_PIECES = 4_096
"""Most pieces ahead of one message, however short they are."""
MAX_TOKENS = 250_000
"""Most scalars of one message; bytes are one. Four hours of music, told second by second, have 30,000."""

MESSAGE, PIECE = 0, 1

Token = None | bool | int | float | str | bytes


class BadFrameError(ValueError):
    """A frame is none of ours."""


class Incoming:
    """Puts messages together from frames: their scalars, and the bytes that went ahead of them."""

    def __init__(self, *, from_service: bool = False) -> None:
        self._errors = "surrogatepass" if from_service else "strict"
        self._kind = MESSAGE
        self._pieces: list[bytes] = []
        self._attached = 0

    def announced(self, header: bytes) -> int:
        """Size of the body that follows a header.

        Raises:
            BadFrameError: no frame of ours has that kind or size, or there are too many pieces.
        """
        self._kind, size = HEADER.unpack(header)
        limit = PIECE_BYTES if self._kind == PIECE else MAX_FRAME_BYTES
        if self._kind not in (MESSAGE, PIECE) or not 0 < size <= limit:
            raise BadFrameError(f"a frame of kind {self._kind} and {size} bytes; a body has 1 to {limit}")
        if self._kind == PIECE and (self._attached + size > MAX_ATTACHED_BYTES or len(self._pieces) == MAX_PIECES):
            raise BadFrameError(f"more than {MAX_ATTACHED_BYTES} bytes or {MAX_PIECES} pieces ahead of one message")
        return int(size)

    def add(self, body: bytes) -> tuple[list[Token], list[bytes]] | None:
        """Takes a frame's body; gives scalars and the pieces ahead of them where a message is whole, else None.

        Raises:
            BadFrameError: it is no row of scalars, or there are too many.
        """
        if self._kind == PIECE:
            self._pieces.append(body)
            self._attached += len(body)
            return None
        pieces, self._pieces, self._attached = self._pieces, [], 0
        return _row(body, self._errors), pieces


def frames(tokens: Iterable[Token], *, to_worker: bool = False) -> list[bytes]:
    """Makes the frames of a message, headers included, in the order in which they are to be sent.

    Of long bytes their number stays in the row. Text that is none, as some paths are, is let pass to a worker only.

    Raises:
        ValueError: the message is too large, or a text is none.
    """
    errors = "surrogatepass" if to_worker else "strict"
    packer = msgpack.Packer(autoreset=False, strict_types=True, unicode_errors=errors)
    made: list[bytes] = []
    attached = count = 0
    for token in tokens:
        count += 1
        if isinstance(token, bytes) and len(token) > _IN_THE_ROW:
            attached += len(token)
            made += [_frame(PIECE, token[at : at + PIECE_BYTES]) for at in range(0, len(token), PIECE_BYTES)]
            packer.pack(len(token))
        else:
            packer.pack(token)
    body = packer.getbuffer()
    ahead = attached > MAX_ATTACHED_BYTES or len(made) > MAX_PIECES
    if ahead or count > MAX_TOKENS or len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {count} parts, {len(body)} bytes and {attached} ahead of them is too large")
    return [*made, _frame(MESSAGE, body)]


def _frame(kind: int, body: bytes | memoryview) -> bytes:
    return b"".join((HEADER.pack(kind, len(body)), body))


def _row(body: bytes, errors: str) -> list[Token]:
    unpacker = msgpack.Unpacker(
        max_buffer_size=len(body) + 1,
        max_array_len=0,
        max_map_len=0,
        max_ext_len=0,
        ext_hook=_refuse,
        unicode_errors=errors,
    )
    try:
        unpacker.feed(body)
        tokens: list[Token] = list(islice(unpacker, MAX_TOKENS + 1))
        if len(tokens) > MAX_TOKENS:
            raise BadFrameError(f"more than {MAX_TOKENS} parts")
        # A scalar that is cut off waits for its rest in silence; nothing that is sent behind it is then itself.
        unpacker.feed(b"\xc0")
        if list(unpacker) != [None]:
            raise BadFrameError("the last part is cut off")
    except BadFrameError:
        raise
    except Exception as error:  # a hostile row may fail in any way; every one of them means the same
        raise BadFrameError(f"no row of scalars: {type(error).__name__}") from error
    return tokens


def _refuse(code: int, _data: bytes) -> NoReturn:
    raise BadFrameError(f"an extension of type {code}")
