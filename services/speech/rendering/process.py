"""One rendering in a process of its own: the request on standard input, the answer on standard output."""

from __future__ import annotations

import json
import sys

import antiphon_renderers as renderers
from antiphon.speech.v1 import speech_service_pb2 as pb

DONE, REFUSED = b"d", b"r"
"""First byte of the output: a RenderTranscriptResponse follows, or a RenderError as JSON: reason, message, field."""


def answered(data: bytes) -> bytes:
    """Renders a serialised RenderTranscriptRequest; gives what :func:`read` reads."""
    try:
        return DONE + renderers.answer(pb.RenderTranscriptRequest.FromString(data)).SerializeToString()
    except renderers.RenderError as error:
        return REFUSED + json.dumps([error.reason, str(error), error.field]).encode()


def read(output: bytes) -> pb.RenderTranscriptResponse:
    """Reads the output of a rendering.

    Raises:
        RenderError: what the rendering refused.
    """
    if output[:1] == DONE:
        return pb.RenderTranscriptResponse.FromString(output[1:])
    raise renderers.RenderError(*json.loads(output[1:]))


if __name__ == "__main__":
    sys.stdout.buffer.write(answered(sys.stdin.buffer.read()))
