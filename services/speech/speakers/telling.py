"""Puts telling speakers apart behind recognition: the text waits until all of the recording has been heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chassis.family.loading import naming
from chassis.load_times import timed
from chassis.reports import ModelReport, ProgressReport, WarningReport
from services.speech.contract import Findings, Reached, Segment, Speaker
from services.speech.speakers import FILE, MODEL

if TYPE_CHECKING:
    from chassis.models import InstalledModel, Store
    from services.speech.speakers.network import VoiceEncoder

LISTENING = 0.95
"""Share of the work that recognition is: an hour of speech takes whisper-base some minutes, and the network one."""

Listen = Callable[[Iterable[np.ndarray]], Iterator[Segment | Reached | Findings]]


@dataclass(frozen=True)
class Told:
    """What is known of the speakers beside their labels.

    Attributes:
        speakers: In the order in which they first speak.
        model: The network that told them apart.
        warnings: Things to know.
    """

    speakers: tuple[Speaker, ...]
    model: ModelReport
    warnings: tuple[WarningReport, ...]


class SpeakerTelling:
    """Tells the speakers of one recording apart.

    Args:
        models: The installed models.
        count: Speakers, where they are known.
        checkpoint: Called between steps of the network; may raise to end it.

    Raises:
        AntiphonError: MODEL_NOT_INSTALLED, MODEL_CORRUPT, MODEL_UNREADABLE, LICENCE_REFUSED.
    """

    def __init__(self, models: Store, count: int | None, checkpoint: Callable[[], None]) -> None:
        # scipy takes a moment to import, and most calls do without it.
        from services.speech.speakers.diarizer import Diarizer

        model = models.require(MODEL)
        self._model = model.report()
        self._diarizer = Diarizer(_network(model), count, checkpoint)

    def through(
        self, listen: Listen, blocks: Iterable[np.ndarray]
    ) -> Iterator[Segment | Reached | Findings | ProgressReport | Told]:
        """Yields what ``listen`` makes of mono blocks (1, n) at 16 kHz, all text behind all of the progress."""
        segments: list[Segment] = []
        for event in listen(self._diarizer.along(blocks)):
            if isinstance(event, Segment):
                segments.append(event)
            elif isinstance(event, Findings):
                yield from self._told(segments)
                yield event
            else:
                yield event

    def _told(self, segments: list[Segment]) -> Iterator[Segment | ProgressReport | Told]:
        telling = self._diarizer.tell(segments)
        while True:
            try:
                share = next(telling)
            except StopIteration as ended:
                yield from ended.value.segments
                yield Told(ended.value.speakers, self._model, ended.value.warnings)
                return
            yield ProgressReport(fraction=LISTENING + (1 - LISTENING) * share, step="telling speakers apart")


def _network(model: InstalledModel) -> VoiceEncoder:
    from services.speech.speakers.network import VoiceEncoder

    with naming(model), timed(model.name):
        return VoiceEncoder(model.files[FILE])
