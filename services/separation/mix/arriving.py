"""A mix that is still being sent: each stem goes out while the upload goes on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from itertools import chain

import numpy as np

from antiphon_wire.errors import invalid
from chassis.audio.live import LiveSource
from chassis.bridge import Bridge
from chassis.reports import SourceReport, WarningReport
from services.separation.contract import LiveTask, Plan, SeparatedBlock, SeparationRequest, Separator, Turn
from services.separation.mix.delay import DelayLine
from services.separation.mix.protocol import Separated


class Arriving:
    """The upload of a live task; see :class:`services.separation.mix.protocol.Mix`.

    The level of the whole mix is not known; a model that computes with it goes by the level so far.
    """

    live = True
    seconds_hint: float | None = None

    def __init__(self, task: LiveTask) -> None:
        self._task = task
        self._under_way = ExitStack()
        self._separator: Separator | None = None
        self._source: LiveSource | None = None
        self._decoded: Iterator[np.ndarray | Turn] = iter(())

    def check(self, request: SeparationRequest) -> None:
        """Refuses rescaling."""
        if request.rescale:
            message = "rescaling needs the peaks of the whole clip, which a live one does not have; ask for CLAMP"
            raise invalid("CLIP_MODE", message, field="config.clip_mode")

    def open(self, separator: Separator) -> Generator[Turn, None, SourceReport]:
        """Decodes until it is known what is being sent; what that gave is kept for :meth:`separated`."""
        self._separator = separator
        rate, channels, task = separator.sample_rate, separator.channels, self._task
        self._source = source = LiveSource(rate, task.raw, task.limits, channels, task.track)
        self._under_way.callback(source.close)
        coming, first = self._pieces(source), []
        for piece in coming:
            if not isinstance(piece, np.ndarray):
                yield piece
                continue
            first.append(piece)
            if source.report is not None:
                self._decoded = chain(first, coming)
                return source.report
        raise AssertionError("a stream that ended before it was known what it is was refused")

    def level(self) -> None:
        """Gives none: the rest may be louder."""

    def tags(self) -> None:
        """Gives none: there is no file."""

    def separated(self, plan: Plan) -> Iterator[Separated | Turn]:
        """Hands over what comes as it comes.

        A separator pulls its mix, and there may be none yet: it works on the far side of a bridge.
        """
        separator, line = self._separator, DelayLine()
        assert separator is not None, "open comes first"

        def work(mix: Iterator[np.ndarray], give: Callable[[SeparatedBlock], None]) -> None:
            for block in separator.separate(line.through(mix), self._task.checkpoint, plan):
                give(block)

        bridge = self._under_way.enter_context(Bridge(work, "separator"))
        for piece in self._decoded:
            if not isinstance(piece, np.ndarray):
                yield piece
                continue
            for block in bridge.push(piece):
                yield Separated(block, line.take(block.frame_count))
        for block in bridge.finish():
            yield Separated(block, line.take(block.frame_count))

    def complete(self) -> SourceReport:
        """Tells what came."""
        report = None if self._source is None else self._source.report
        assert report is not None, "a stream without samples was refused"
        return report

    @property
    def warnings(self) -> tuple[WarningReport, ...]:
        """What the decoder had to leave out."""
        return () if self._source is None else self._source.warnings

    def close(self) -> None:
        """Ends the separator, then the decoder, wherever they stand."""
        self._under_way.close()

    def _pieces(self, source: LiveSource) -> Iterator[np.ndarray | Turn]:
        """Yields what the upload decodes to, ``(channels, n)`` with n >= 0, and a turn after each and where none is."""
        while True:
            piece = self._task.take()
            if piece is not None:
                yield source.feed(piece.data)
            elif self._task.ended:
                yield source.finish()
                return
            yield self._task.turn()
