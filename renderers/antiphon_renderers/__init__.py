"""Writes transcripts and aligned lyrics down as subtitles and lyrics files, and reads them again; pure functions."""

from antiphon_renderers.breaking import Breaking
from antiphon_renderers.formats import FORMATS, Format, Labels, parse, render
from antiphon_renderers.lines import Line, LineWord, RenderError, lines_of
from antiphon_renderers.response import answer

__all__ = [
    "FORMATS",
    "Breaking",
    "Format",
    "Labels",
    "Line",
    "LineWord",
    "RenderError",
    "answer",
    "lines_of",
    "parse",
    "render",
]
