"""What a description costs: the clocks and counters of the process that writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chassis import memory
from services.llm_audio.contract import Measured
from services.llm_audio.interview.clock import WritingClock


class Meter:
    """Measures memory and CPU time of one description from here on; made before its model is loaded."""

    def __init__(self) -> None:
        self._memory_before = memory.resident_bytes()
        self._counts_peak = memory.reset_peak()
        self._cpu = time.process_time()
        self._load: float | None = None

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Clocks what is inside as loading the model."""
        began = time.monotonic()
        yield
        self._load = time.monotonic() - began

    def measured(self, clock: WritingClock) -> Measured:
        """Tells what was spent since the meter was made.

        Args:
            clock: The one that clocked the questions.
        """
        return Measured(
            load_seconds=self._load,
            first_text_seconds=clock.first_text_seconds,
            answer_seconds=clock.total_seconds,
            tokens_per_second=clock.tokens_per_second,
            cpu_seconds=time.process_time() - self._cpu,
            peak_memory_bytes=memory.peak_bytes() if self._counts_peak else None,
            memory_before_bytes=self._memory_before,
        )
