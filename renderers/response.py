"""Answers a request for a rendering."""

from __future__ import annotations

from functools import partial

from antiphon.speech.v1 import speech_service_pb2 as pb
from renderers.formats import FORMATS, Labels, Source, render
from renderers.lines import MAX_LINE_CHARACTERS, MIN_LINE_CHARACTERS, PAUSE_SECONDS, RenderError, for_singing


def answer(request: pb.RenderTranscriptRequest) -> pb.RenderTranscriptResponse:
    """The rendering that ``request`` asks for.

    Raises:
        RenderError: RENDER_FORMAT, RENDER_SOURCE, LINE_BREAKING, MAX_LINE_CHARACTERS, PAUSE.
    """
    form = next((one for one in FORMATS.values() if one.number == request.format), None)
    if form is None:
        raise RenderError("RENDER_FORMAT", f"format {request.format} is not known; see RenderFormat", "format")
    chosen = request.WhichOneof("source")
    if chosen is None:
        raise RenderError("RENDER_SOURCE", "there is nothing to write; give a transcript or lyrics", "source")
    source: Source = getattr(request, chosen)
    labels = Labels(request.title, request.artist, request.album)
    singing = _singing(request) and chosen == "transcript"  # whoever gave the lyrics has broken their lines
    if singing:
        arrange = partial(for_singing, max_characters=_max_characters(request), pause_seconds=_pause(request))
        text = render(form.name, source, labels=labels, arrange=arrange)
    else:
        text = render(form.name, source, labels=labels)
    return pb.RenderTranscriptResponse(text=text, media_type=form.media_type, file_extension=form.extension)


def _singing(request: pb.RenderTranscriptRequest) -> bool:
    known = (pb.LINE_BREAKING_UNSPECIFIED, pb.LINE_BREAKING_SEGMENTS, pb.LINE_BREAKING_SINGING)
    if request.line_breaking not in known:
        message = f"line_breaking {request.line_breaking} is not known; see LineBreaking"
        raise RenderError("LINE_BREAKING", message, "line_breaking")
    return request.line_breaking == pb.LINE_BREAKING_SINGING


def _max_characters(request: pb.RenderTranscriptRequest) -> int:
    given = request.max_line_characters if request.HasField("max_line_characters") else MAX_LINE_CHARACTERS
    if given < MIN_LINE_CHARACTERS:
        message = f"lines of {given} characters; give at least {MIN_LINE_CHARACTERS}"
        raise RenderError("MAX_LINE_CHARACTERS", message, "max_line_characters")
    return int(given)


def _pause(request: pb.RenderTranscriptRequest) -> float:
    if not request.HasField("pause_duration"):
        return PAUSE_SECONDS
    seconds = request.pause_duration.ToNanoseconds() / 1e9
    if seconds <= 0:
        raise RenderError("PAUSE", f"a pause of {seconds:g} s; give one above 0", "pause_duration")
    return float(seconds)
