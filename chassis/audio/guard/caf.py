"""The chunks of Core Audio files: libav makes an index of as many packets as their table claims."""

from __future__ import annotations

from chassis.audio.guard.claims import Claims, Walk, too_complex

_TABLE_HEAD = 24


def walk_caf(claims: Claims) -> Walk:
    """Walks over the chunks of a file behind its first four bytes; ends where one cannot be.

    Raises:
        AntiphonError: AUDIO_TOO_COMPLEX.
    """
    yield -4
    while len(head := (yield 12)) == 12:
        name, length = head[:4], int.from_bytes(head[4:], "big", signed=True)
        claims.count("chunks")
        end = claims.position + length
        # A size of -1 means up to the end. No stream has anything behind its samples that libav would read.
        if length < 0 or (name == b"data" and claims.size is None):
            return
        if name == b"pakt":
            _count_packets(claims, (yield _TABLE_HEAD), length)
        elif name == b"info":
            claims.kept("a chunk 'info'", length)
            claims.count("tags", int.from_bytes((yield 4), "big"))
        elif name in (b"kuki", b"chan", b"desc"):
            claims.kept(f"a chunk {name.decode()!r}", length)
        if end > claims.position:
            yield claims.position - end


def _count_packets(claims: Claims, head: bytes, length: int) -> None:
    claims.kept("a chunk 'pakt'", length)
    count = int.from_bytes(head[:8], "big")
    # Each stands for a byte of the file at least, in the table or among the samples.
    if claims.size is not None and count > claims.size:
        raise too_complex("samples in the index", count, claims.size)
    claims.count("samples in the index", count)
