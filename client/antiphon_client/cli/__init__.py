"""The ``antiphon`` command line."""

from antiphon_client.cli.program import main

__all__ = ["main"]
