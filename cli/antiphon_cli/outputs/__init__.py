"""What the commands write: where it goes, what it must never replace, and files that nobody meets half written."""
