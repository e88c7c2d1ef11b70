"""Answers a request for a rendering."""

from __future__ import annotations

from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon_renderers.breaking import MAX_LINE_CHARACTERS, MAX_LINES, PAUSE_SECONDS, Breaking
from antiphon_renderers.formats import FORMATS, Labels, Source, render
from antiphon_renderers.lines import RenderError

_BY = {
    pb.LINE_BREAKING_UNSPECIFIED: None,
    pb.LINE_BREAKING_SEGMENTS: "segments",
    pb.LINE_BREAKING_SINGING: "singing",
    pb.LINE_BREAKING_SUBTITLES: "subtitles",
}


def answer(request: pb.RenderTranscriptRequest) -> pb.RenderTranscriptResponse:
    """The rendering that ``request`` asks for.

    Raises:
        RenderError: RENDER_FORMAT, RENDER_SOURCE, LINE_BREAKING, MAX_LINE_CHARACTERS, MAX_LINES, PAUSE.
    """
    form = next((one for one in FORMATS.values() if one.number == request.format), None)
    if form is None:
        raise RenderError("RENDER_FORMAT", f"format {request.format} is not known; see RenderFormat", "format")
    chosen = request.WhichOneof("source")
    if chosen is None:
        raise RenderError("RENDER_SOURCE", "there is nothing to write; give a transcript or lyrics", "source")
    source: Source = getattr(request, chosen)
    text = render(
        form.name,
        source,
        labels=Labels(request.title, request.artist, request.album),
        breaking=_breaking(request),
    )
    return pb.RenderTranscriptResponse(text=text, media_type=form.media_type, file_extension=form.extension)


def _breaking(request: pb.RenderTranscriptRequest) -> Breaking:
    if request.line_breaking not in _BY:
        message = f"line_breaking {request.line_breaking} is not known; see LineBreaking"
        raise RenderError("LINE_BREAKING", message, "line_breaking")
    pause = request.pause_duration.ToNanoseconds() / 1e9 if request.HasField("pause_duration") else PAUSE_SECONDS
    return Breaking(
        by=_BY[request.line_breaking],
        max_characters=(
            request.max_line_characters if request.HasField("max_line_characters") else MAX_LINE_CHARACTERS
        ),
        max_lines=request.max_lines if request.HasField("max_lines") else MAX_LINES,
        pause_seconds=pause,
    )
