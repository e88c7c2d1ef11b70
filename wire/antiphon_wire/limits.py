"""The sizes that both ends of a call agree on, in bytes."""

from __future__ import annotations

MAX_CHUNK_BYTES = 1 << 20
"""Most bytes that a server takes in one chunk of an upload."""

RECOMMENDED_CHUNK_BYTES = 256 << 10
"""Bytes into which a recording is cut; small enough for a ping to pass between two chunks on a slow link."""

MAX_ANSWER_BYTES = 64 << 20
"""Most bytes of one message of an answer: a record with every word of hours of speech outgrows gRPC's own 4 MiB."""
