"""The ``antiphon`` command line."""

from antiphon_cli.program import main

__all__ = ["main"]
