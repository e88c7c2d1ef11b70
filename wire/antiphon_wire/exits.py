"""The exit code by which a server says that trying again is of no use; shells, supervisors and tests read it."""

from __future__ import annotations

CANNOT_START = 78
"""A setting, an address, a folder or a device is wrong, and will be at the next start; 78 is EX_CONFIG of sysexits.h.

Every other code but 0 is a crash, after which a fresh start may help."""
