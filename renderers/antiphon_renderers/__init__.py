"""Writes transcripts and aligned lyrics down as subtitles and lyrics files, and reads them again; pure functions.

What is here is imported when it is first asked for: whoever wants the boundaries of characters alone, as a worker does,
gets no messages of the wire along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_MODULES = {
    "breaking": ("Breaking",),
    "formats": ("FORMATS", "Format", "Labels", "parse", "render"),
    "lines": ("Line", "LineWord", "RenderError", "lines_of"),
    "response": ("answer",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
