"""Asks a model every prompt of a request, holds what it states against the facts, and asks once more where it must."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import replace

from chassis.reports import ProgressReport, WarningReport
from services.llm_audio.contract import (
    Answer,
    Checkpoint,
    Claim,
    DescriptionRequest,
    Ending,
    LanguageModel,
    Passage,
    PassageAnswer,
    Piece,
    Session,
    Turn,
    Usage,
)
from services.llm_audio.interview import prompts
from services.llm_audio.interview.answerable import check_answerable
from services.llm_audio.interview.claims import claims
from services.llm_audio.interview.clock import WritingClock
from services.llm_audio.interview.facts import Facts
from services.llm_audio.interview.remarks import remarks
from services.llm_audio.schema.answer import AnswerSchema

_QUOTED = 12
"""Most unsupported statements that a second attempt is told to leave out."""
# A message for each token of a small model costs a tenth of the token; nobody reads faster than this. The first is sent
# at once.
_PIECE_SECONDS = 0.04


class Interview:
    """One request put to one model.

    Args:
        model: The model.
        session: Its session about the recording.
        request: What is asked.
        facts: What is known.
        clock: Told when a text begins and ends.

    Raises:
        AntiphonError: PROMPT_PLACEHOLDER, JSON_SCHEMA, and what :func:`check_answerable` raises; before anything is
            computed.
    """

    def __init__(
        self, model: LanguageModel, session: Session, request: DescriptionRequest, facts: Facts, clock: WritingClock
    ) -> None:
        self._model = model
        self._session = session
        self._request = request
        self._facts = facts
        self._clock = clock
        self._schema = AnswerSchema(request.json_schema) if request.json_schema else None
        check_answerable(model, request, facts)
        self._asked = [prompts.question(prompt, facts) for prompt in request.prompts]
        self.usage = Usage()

    def run(self, checkpoint: Checkpoint) -> Iterator[ProgressReport | Piece | Answer | WarningReport]:
        """Yields progress, the pieces of each answer, each answer, and what is to be known of it.

        Of a recording in passages, all questions are asked about one before the next, for hearing it is what costs; the
        pieces come in that order, and the answers after the last passage.
        """
        names = [prompt.name for prompt in self._request.prompts]
        if len(self._session.passages) > 1:
            answers = yield from self._in_passages(checkpoint)
            for answer in answers:
                yield answer
                yield from remarks(answer, self._model.hears, self._schema is not None)
        else:
            for index, (name, asked) in enumerate(zip(names, self._asked, strict=True)):
                yield ProgressReport(fraction=index / len(names), step=name)
                answer = yield from self._answer(name, asked, checkpoint)
                yield answer
                yield from remarks(answer, self._model.hears, self._schema is not None)
        yield ProgressReport(fraction=1.0, step=names[-1])

    def _answer(self, name: str, asked: str, checkpoint: Checkpoint) -> Generator[Piece, None, Answer]:
        attempt, usage = 1, Usage()
        avoid: tuple[str, ...] = ()
        while True:
            turn = self._turn(name, asked, avoid)
            text, ending = yield from self._text(turn, name, attempt, checkpoint)
            usage += ending.usage
            found = self._claims(text)
            avoid = tuple(dict.fromkeys(claim.text for claim in found if not claim.supported))[:_QUOTED]
            # What a model hears may be right without being among the facts; only a writer is asked again.
            if self._model.hears or not avoid or attempt == 2:
                self.usage += usage
                asked = turn.shared + turn.question
                json, clauses = self._json(text), ending.clauses
                heard = self._model.hears
                return Answer(
                    name, text, json, ending.finished, found, attempt, usage, asked, clauses=clauses, heard=heard
                )
            attempt += 1

    def _in_passages(self, checkpoint: Checkpoint) -> Generator[ProgressReport | Piece, None, list[Answer]]:
        names, spans = [prompt.name for prompt in self._request.prompts], self._session.passages
        parts: dict[str, list[PassageAnswer]] = {name: [] for name in names}
        usages = dict.fromkeys(names, Usage())
        for index, span in enumerate(spans):
            for place, (name, asked) in enumerate(zip(names, self._asked, strict=True)):
                yield ProgressReport(fraction=(index + place / len(names)) / len(spans), step=name)
                if opening := self._opening(name, span, index):
                    yield Piece(name, opening, 1)
                turn = self._turn(name, asked, ())
                text, ending = yield from self._text(turn, name, 1, checkpoint, index)
                parts[name].append(PassageAnswer(span, text, self._json(text), ending.finished))
                usages[name] += ending.usage
        for usage in usages.values():
            self.usage += usage
        return [
            self._merged(name, tuple(parts[name]), usages[name], self._turn(name, asked, ()))
            for name, asked in zip(names, self._asked, strict=True)
        ]

    def _merged(self, name: str, parts: tuple[PassageAnswer, ...], usage: Usage, turn: Turn) -> Answer:
        text = "".join(self._opening(name, part.passage, index) + part.text for index, part in enumerate(parts)).strip()
        # Of each passage by itself: the times that stand between them are no claims.
        found = tuple(dict.fromkeys(claim for part in parts for claim in self._claims(part.text)))
        finished = all(part.finished for part in parts)
        return Answer(
            name, text, None, finished, found, 1, usage, turn.shared + turn.question, parts, heard=self._model.hears
        )

    def _opening(self, name: str, passage: Passage, index: int) -> str:
        """What stands before a passage's text: when it is. What is written down or must be JSON goes on without."""
        if self._schema is not None:
            return "\n" if index else ""
        if name == "transcribe":
            return " " if index else ""
        return f"{chr(10) * 2 if index else ''}[{_minutes(passage.start_seconds)} to {_minutes(passage.end_seconds)}] "

    def _text(
        self, turn: Turn, name: str, attempt: int, checkpoint: Checkpoint, passage: int = 0
    ) -> Generator[Piece, None, tuple[str, Ending]]:
        """Has the model write one text; gives it without white space around it, and its ending."""
        parts: list[str] = []
        waiting, sent = "", 0.0
        ending: Ending | None = None
        for event in self._session.ask(turn, checkpoint, passage):
            if isinstance(event, Ending):
                ending = event
                self._clock.answered(event.usage.answer)
                continue
            self._clock.text()
            parts.append(event)
            waiting += event
            now = time.monotonic()
            if now - sent >= _PIECE_SECONDS:
                yield Piece(name, waiting, attempt)
                waiting, sent = "", now
        if waiting:
            yield Piece(name, waiting, attempt)
        assert ending is not None, "a session's last word is its ending"
        return "".join(parts).strip(), ending

    def _turn(self, name: str, asked: str, avoid: tuple[str, ...]) -> Turn:
        sampling, schema = self._request.sampling, "" if self._schema is None else self._schema.for_grammar
        if sampling.repeat_penalty is None:
            sampling = replace(sampling, repeat_penalty=self._model.repeat_penalty)
        if self._model.hears:
            return Turn("", None, "", asked, sampling, schema, name)
        if avoid:
            asked = prompts.once_more(asked, avoid)
        example = None if schema else prompts.EXAMPLE
        shared, facts = prompts.given(self._facts), self._facts.shown
        return Turn(prompts.WRITER, example, shared, asked, sampling, schema, name, facts)

    def _claims(self, text: str) -> tuple[Claim, ...]:
        return claims(text, self._facts) if self._request.check_claims and self._facts else ()

    def _json(self, text: str) -> str | None:
        return None if self._schema is None else self._schema.canonical(text)


def _minutes(seconds: float) -> str:
    """Writes a time as people do, such as 3:07 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
