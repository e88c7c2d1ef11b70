"""Progress in words: the phase, the place in the queue, what is being done."""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration

from antiphon.evidence.v1.evidence_pb2 import Progress
from antiphon_cli.progress_words import progress_words


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(phase=Progress.PHASE_LOADING, step="musicnn-msd"), "loading musicnn-msd"),
        (Progress(phase=Progress.PHASE_QUEUED, queue_position=2), "queued 2 ahead"),
        (Progress(phase=Progress.PHASE_QUEUED, step="waiting for a replica"), "waiting for a replica"),
        (Progress(phase=Progress.PHASE_COMPUTING, step="tempo"), "tempo"),
        (Progress(step="separating", audio_done=Duration(seconds=83)), "separating, 1:23 done"),
        (Progress(step="separating", audio_done=Duration(seconds=83), fraction=0.5), "separating"),
    ],
)
def test_progress_is_told_in_a_few_words(progress: Progress, words: str) -> None:
    assert progress_words(progress) == words
