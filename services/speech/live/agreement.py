"""LocalAgreement-2: a word is settled when two hypotheses in a row have it, and then stays.

Where the model doubts a word, two looks at nearly the same audio may make the same mistake: such a word is settled when
some audio follows it. So are the first words of an utterance, with nothing before them that they would have to fit: of
the beginning of "Hello" Whisper makes "the low", and twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.speech.live.model import Heard

DOUBTFUL = 0.5
"""Probability below which a word is doubted."""
FOLLOWING_SECONDS = 1.0
"""Audio that has to follow a word that is doubted."""


class Agreement:
    """The settled and the unsettled words of one stream.

    A hypothesis holds what follows the settled words; times are seconds from the stream's start.
    """

    def __init__(self) -> None:
        self.anchor: list[Heard] = []
        """Settled words whose audio is still looked at."""
        self.tail: tuple[Heard, ...] = ()
        """Unsettled words of the last hypothesis."""
        self.before: tuple[Heard, ...] | None = None
        """Those of the hypothesis before it, as far as they are not settled; None where there was none."""
        self.end = 0.0
        """Where the last settled word ends."""
        self.heard = False
        """Whether ``tail`` is of a hypothesis about the audio since the last reset."""

    def update(self, words: Sequence[Heard], heard_to: float = math.inf) -> tuple[Heard, ...]:
        """Takes the next hypothesis, about the audio up to ``heard_to`` seconds.

        Returns what it settles: the words at its front that the last one had too, as far as they are beyond doubt.
        """
        count = 0
        for word, before in zip(words, self.tail, strict=False):
            if word.letters != before.letters or self._doubted(word, heard_to):
                break
            count += 1
        self.before = self.tail[count:] if self.heard else None
        self.tail, self.heard = tuple(words), True
        return self.settle(count)

    def settle(self, count: int) -> tuple[Heard, ...]:
        """Settles the first ``count`` unsettled words as they are and returns them."""
        settled: list[Heard] = []
        for word in self.tail[:count]:
            start = max(word.start, self.end)
            self.end = max(word.end, start)
            settled.append(Heard(word.text, start, self.end, word.probability, word.tokens))
        self.tail = self.tail[count:]
        self.anchor += settled
        return tuple(settled)

    def reset(self) -> None:
        """Forgets the audio: what comes next has nothing to do with it."""
        self.anchor, self.tail, self.before, self.heard = [], (), None, False

    def _doubted(self, word: Heard, heard_to: float) -> bool:
        """Tells whether a word that two hypotheses have needs more audio behind it."""
        unsure = word.probability is not None and word.probability < DOUBTFUL
        return (unsure or not self.anchor) and word.end > heard_to - FOLLOWING_SECONDS

    def trim(self, keep_seconds: float) -> float | None:
        """Lets go of settled words but for those of the last ``keep_seconds``.

        Returns where the first one kept starts, from which on audio is needed; None where there is nothing to let go.
        """
        kept = [word for word in self.anchor if word.start >= self.end - keep_seconds] or self.anchor[-1:]
        if len(kept) == len(self.anchor):
            return None
        self.anchor = kept
        return kept[0].start

    def stability(self) -> float | None:
        """Gives the share of the unsettled words that the hypothesis before had too, in the same order; see Interim."""
        if self.before is None or not self.tail:
            return None
        return common([word.letters for word in self.before], [word.letters for word in self.tail]) / len(self.tail)


def common(first: Sequence[str], second: Sequence[str]) -> int:
    """Measures the longest common subsequence.

    >>> common(["a", "b", "c"], ["a", "c", "b"])
    2
    """
    row = [0] * (len(second) + 1)
    for one in first:
        diagonal = 0
        for index, other in enumerate(second, 1):
            diagonal, row[index] = row[index], diagonal + 1 if one == other else max(row[index], row[index - 1])
    return row[-1]
