"""Renderings that callers ask for: a bounded number at once, large ones in a process that can be ended."""
