"""The sizes that both ends of a call agree on, in bytes."""

from __future__ import annotations

MAX_CHUNK_BYTES = 1 << 20
"""Most bytes that a server takes in one chunk of an upload."""

SMALL_CHUNK_BYTES = 16
"""Chunks of fewer bytes are small: 16 bytes are a millisecond of 16-bit samples at 8 kHz, and cost as much as more."""

MAX_SMALL_CHUNKS = 4_096
"""Most small chunks of one upload, its last chunk aside."""

RECOMMENDED_CHUNK_BYTES = 256 << 10
"""Bytes into which a recording is cut; small enough for a ping to pass between two chunks on a slow link."""

MAX_ANSWER_BYTES = 64 << 20
"""Most bytes of one message of an answer: a record with every word of hours of speech outgrows gRPC's own 4 MiB."""
