"""How slow an upload may be: its longest pause, its least rate and its total time, of which only waiting counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from antiphon_wire.errors import AntiphonError

LIVE_WINDOWS = 4
"""A live stream is judged over longer windows than a file: who speaks also listens for a while."""

_CONTAINER_RATE = 8.0
"""Least bytes per second of a live stream in a container: below what silence needs in Opus, which hardly sends it."""

_GRACE_SECONDS = 10.0
"""How long an upload is waited for before it can be told to make way for another."""


@dataclass(frozen=True)
class UploadLimits:
    """How slow an upload may be.

    Attributes:
        idle_seconds: Longest wait for one message (s).
        total_seconds: Longest that all waiting for messages may take together (s).
        least_rate: Bytes per second that must come on average in each window; 0 for any.
        window_seconds: Length of a window (s); the first begins with the config.
    """

    idle_seconds: float
    total_seconds: float = math.inf
    least_rate: float = 0.0
    window_seconds: float = 30.0

    def live(self, pcm_rate: float | None, least_share: float) -> UploadLimits:
        """Gives the limits of a live stream, which may go on for as long as somebody speaks.

        Args:
            pcm_rate: Bytes of a second of its audio; None for a container, of which that is not known.
            least_share: Share of real time that must come; 0 for any.
        """
        rate = pcm_rate * least_share if pcm_rate is not None else _CONTAINER_RATE if least_share > 0 else 0.0
        return UploadLimits(self.idle_seconds, math.inf, rate, self.window_seconds * LIVE_WINDOWS)


class UploadWatch:
    """Counts what an upload brings and how long it is waited for; time in which nobody waits for it is not its fault.

    Args:
        limits: How slow it may be.
    """

    def __init__(self, limits: UploadLimits) -> None:
        self.limits = limits
        self._waited = 0.0
        self._window_waited = 0.0
        self._window_bytes = 0

    def judge_by(self, limits: UploadLimits) -> None:
        """Takes other limits and begins the first window anew."""
        self.limits = limits
        self._window_waited, self._window_bytes = 0.0, 0

    def patience(self, rated: bool) -> float:
        """How long the next message may be waited for (s); with ``rated`` the least rate counts too."""
        left = min(self.limits.idle_seconds, self.limits.total_seconds - self._waited)
        if rated:
            left = min(left, self._window_left())
        return max(0.0, left)

    def waited(self, seconds: float, rated: bool) -> None:
        """Counts time that passed until a message came (s)."""
        self._waited += seconds
        if rated:
            self._window_waited += seconds
            if self._window_waited >= self.limits.window_seconds:
                self._window_waited %= self.limits.window_seconds
                self._window_bytes = 0

    def brought(self, byte_count: int) -> None:
        """Counts bytes that came."""
        self._window_bytes += byte_count

    def behind(self, waiting_seconds: float) -> bool:
        """Whether it brings less than its least rate, as far as can be told before its window is over.

        Args:
            waiting_seconds: How long the next message has been waited for (s).
        """
        waited = self._window_waited + waiting_seconds
        return waited >= _GRACE_SECONDS and self._window_bytes < self.limits.least_rate * waited

    def made_way(self) -> AntiphonError:
        """Says that the upload was behind while others wanted its place."""
        return AntiphonError(
            "DEADLINE_EXCEEDED",
            "UPLOAD_TOO_SLOW",
            f"others want this place, and it brought {self._window_bytes} bytes in {_GRACE_SECONDS:g} s or more; "
            f"send at least {self.limits.least_rate:g} bytes per second",
            {"byte_count": self._window_bytes, "least_rate": self.limits.least_rate},
        )

    def gave_up(self, rated: bool) -> AntiphonError:
        """Says which limit :meth:`patience` ended by: UPLOAD_IDLE or UPLOAD_TOO_SLOW."""
        limits, left = self.limits, self.limits.total_seconds - self._waited
        if rated and self._window_left() < min(limits.idle_seconds, left):
            return AntiphonError(
                "DEADLINE_EXCEEDED",
                "UPLOAD_TOO_SLOW",
                f"{self._window_bytes} bytes came in {limits.window_seconds:g} s; "
                f"send at least {limits.least_rate:g} bytes per second",
                {
                    "byte_count": self._window_bytes,
                    "window_seconds": limits.window_seconds,
                    "least_rate": limits.least_rate,
                },
            )
        if left < limits.idle_seconds:
            return AntiphonError(
                "DEADLINE_EXCEEDED",
                "UPLOAD_TOO_SLOW",
                f"the upload is not whole after {limits.total_seconds:g} s; send it faster, or fewer bytes",
                {"total_seconds": limits.total_seconds},
            )
        return AntiphonError(
            "DEADLINE_EXCEEDED",
            "UPLOAD_IDLE",
            f"no message came for {limits.idle_seconds:g} s; send chunks without pausing that long",
            {"idle_seconds": limits.idle_seconds},
        )

    def _window_left(self) -> float:
        """How long until the rate has been too low (s); a window that has its bytes already leads into the next."""
        limits = self.limits
        if limits.least_rate <= 0.0:
            return math.inf
        enough = self._window_bytes >= limits.least_rate * limits.window_seconds
        return limits.window_seconds * (2 if enough else 1) - self._window_waited
