"""Tells the speakers of a recording apart: hears it along with what recognises it, and labels what that has heard."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chassis.reports import WarningReport
from services.speech.contract import Segment, Speaker, Word
from services.speech.recording.hearing import split
from services.speech.speakers.clustering import voices
from services.speech.speakers.course import Course
from services.speech.speakers.mel_stream import Floats, MelStream
from services.speech.speakers.network import VoiceEncoder
from services.speech.speakers.stretches import LEAST_SECONDS, Span, cut, embedded


@dataclass(frozen=True)
class Labelled:
    """What is known of the speakers.

    Attributes:
        segments: The text, cut where the speaker changes; without labels where nobody could be told apart.
        speakers: In the order in which they first speak.
        warnings: Things to know.
    """

    segments: tuple[Segment, ...]
    speakers: tuple[Speaker, ...]
    warnings: tuple[WarningReport, ...]


class Diarizer:
    """Follows one recording.

    Args:
        network: The voice encoder.
        count: Speakers, where they are known.
        checkpoint: Called between steps of the network; may raise to end it.
    """

    def __init__(self, network: VoiceEncoder, count: int | None, checkpoint: Callable[[], None]) -> None:
        self._network, self._count, self._checkpoint = network, count, checkpoint
        self._stream = MelStream()

    def along(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Yields the mono blocks (1, n) at 16 kHz of the recording as they come, and hears them too."""
        return self._stream.through(blocks)

    def tell(self, segments: Sequence[Segment]) -> Generator[float, None, Labelled]:
        """Labels the text of the whole recording, times in seconds from the first sample heard.

        Yields the share of this work that is done, and gives what is known then.
        """
        spoken = _spoken(segments)
        stretches = yield from embedded(self._stream.finish(), cut(spoken), self._network, self._checkpoint)
        if not len(stretches.spans):
            message = f"nobody speaks for {LEAST_SECONDS:g} s on end, which telling speakers apart needs"
            return Labelled(tuple(segments), (), (WarningReport("SPEAKERS_UNKNOWN", message, "segments.speaker"),))
        found = voices(stretches, self._count)
        course = Course(stretches, found, spoken)
        names: dict[int, str] = {}

        def label(start: float, end: float) -> str:
            return names.setdefault(course.speaker(start, end), f"speaker {len(names) + 1}")

        labelled = [part for segment in segments for part in _labelled(segment, label)]
        return Labelled(tuple(labelled), _speakers(labelled), self._warnings(len(names)))

    def _warnings(self, found: int) -> tuple[WarningReport, ...]:
        if self._count is None or found >= self._count:
            return ()
        message = f"{self._count} speakers are asked for, and the voices of {found} were told apart"
        return (WarningReport("SPEAKERS_FEWER", message, "segments.speaker"),)


def _spoken(segments: Sequence[Segment]) -> list[Span]:
    spans = ((each.start, each.end) for segment in segments for each in (segment.words or (segment,)))
    return sorted((start, end) for start, end in spans if end > start)


def _labelled(segment: Segment, label: Callable[[float, float], str]) -> Iterator[Segment]:
    """Yields a segment with its speaker; in parts, where the speaker changes between its words."""
    if not segment.words:
        yield replace(segment, speaker=label(segment.start, segment.end))
        return
    words: tuple[Word, ...] = tuple(replace(word, speaker=label(word.start, word.end)) for word in segment.words)
    rest = replace(segment, words=words)
    while True:
        speaker = rest.words[0].speaker
        same = next((at for at, word in enumerate(rest.words) if word.speaker != speaker), len(rest.words))
        if same == len(rest.words):
            yield replace(rest, speaker=speaker)
            return
        first, rest = split(rest, same)
        yield replace(first, speaker=speaker)


def _speakers(segments: Sequence[Segment]) -> tuple[Speaker, ...]:
    seconds: dict[str, float] = {}
    for segment in segments:
        seconds[segment.speaker] = seconds.get(segment.speaker, 0.0) + segment.end - segment.start
    return tuple(Speaker(name, total) for name, total in seconds.items())
