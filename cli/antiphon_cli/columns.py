"""Tables that fit the terminal: 80 columns where nobody says how wide it is, what COLUMNS says where it says."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

LEAST_WIDTH = 40
Side = Literal["left", "right"]


def width() -> int:
    """Gives the columns of the terminal."""
    return max(shutil.get_terminal_size((80, 24)).columns, LEAST_WIDTH)


def columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), whole: Sequence[str] = ()
) -> list[str]:
    """Lays rows out below headings; what is too wide for the terminal goes on below itself.

    Args:
        headings: Titles of the columns.
        rows: Cells, as many as headings in each.
        right: Headings of columns that end at the right, as numbers do.
        whole: Headings of columns whose cells are not broken.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for heading in headings:
        side: Side = "right" if heading in right else "left"
        table.add_column(Text(heading), justify=side, no_wrap=heading in whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=width(), color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]
