"""What a description costs: the clocks and counters of the process that writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chassis import memory
from services.llm_audio.contract import Answer, Measured


class Meter:
    """Measures one description from here on; made before its model is loaded."""

    def __init__(self) -> None:
        self._memory_before = memory.resident_bytes()
        self._counts_peak = memory.reset_peak()
        self._cpu = time.process_time()
        self._load: float | None = None
        self._asked = 0.0
        self._opened = 0.0
        self._first_text: float | None = None
        self._writing, self._written = 0.0, 0

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Counts what is inside as loading the model."""
        began = time.monotonic()
        yield
        self._load = time.monotonic() - began

    def ask(self) -> None:
        """The questions begin."""
        self._opened = time.monotonic()

    def answered(self, answer: Answer) -> None:
        """Counts an answer as soon as it is there."""
        timing, now = answer.timing, time.monotonic()
        if self._first_text is None and timing.first_text is not None:
            self._first_text = now - timing.total + timing.first_text - self._opened
        self._writing += timing.writing
        self._written += timing.written
        self._asked = now - self._opened

    def measured(self) -> Measured:
        """All of it."""
        return Measured(
            load_seconds=self._load,
            first_text_seconds=self._first_text,
            answer_seconds=self._asked,
            tokens_per_second=self._written / self._writing if self._written and self._writing > 0 else None,
            cpu_seconds=time.process_time() - self._cpu,
            peak_memory_bytes=memory.peak_bytes() if self._counts_peak else None,
            memory_before_bytes=self._memory_before,
        )
