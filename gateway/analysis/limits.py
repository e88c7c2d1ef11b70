"""How long and how often one analysis asks the services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds of one analysis.

    Attributes:
        service_seconds: Longest that each service may take for one stage, its retries included, by the service's word.
        fuse_margin_seconds: Kept back from the caller's deadline for fusing and sending.
        max_attempts: Times a stage is tried when its worker is lost; 1 or more.
    """

    service_seconds: Mapping[str, float]
    fuse_margin_seconds: float
    max_attempts: int
