"""Asks a model every prompt of a request, holds what it states against the facts, and asks once more where it must."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import jsonschema
from referencing.jsonschema import EMPTY_REGISTRY

from antiphon_wire.errors import invalid
from chassis.reports import ProgressFacts, WarningFacts
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
    Timing,
    Turn,
    Usage,
)
from services.llm_audio.engines.asking import prompts
from services.llm_audio.engines.asking.claims import claims
from services.llm_audio.engines.asking.facts import Facts

_QUOTED = 12
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

    Raises:
        AntiphonError: FACTS_MISSING, PROMPT_NEEDS_AUDIO, PROMPT_PLACEHOLDER, JSON_SCHEMA; before anything is computed.
    """

    def __init__(self, model: LanguageModel, session: Session, request: DescriptionRequest, facts: Facts) -> None:
        self._model = model
        self._session = session
        self._request = request
        self._facts = facts
        self._schema = _schema(request.json_schema)
        check_answerable(model.hears, request, facts)
        self._asked = [prompts.question(prompt, facts) for prompt in request.prompts]
        self.usage = Usage()

    def run(self, checkpoint: Checkpoint) -> Iterator[ProgressFacts | Piece | Answer | WarningFacts]:
        """Yields progress, the pieces of each answer, each answer, and what is to be known of it.

        Of a recording in passages, all questions are asked about one before the next, for hearing it is what costs; the
        pieces come in that order, and the answers after the last passage.
        """
        names = [prompt.name for prompt in self._request.prompts]
        if len(self._session.passages) > 1:
            answers = yield from self._in_passages(checkpoint)
            for answer in answers:
                yield answer
                yield from self._remarks(answer)
        else:
            for index, (name, asked) in enumerate(zip(names, self._asked, strict=True)):
                yield ProgressFacts(fraction=index / len(names), step=name)
                answer = yield from self._answer(name, asked, checkpoint)
                yield answer
                yield from self._remarks(answer)
        yield ProgressFacts(fraction=1.0, step=names[-1])

    def _answer(self, name: str, asked: str, checkpoint: Checkpoint) -> Generator[Piece, None, Answer]:
        attempt, usage, watch = 1, Usage(), _Stopwatch()
        avoid: tuple[str, ...] = ()
        while True:
            turn = self._turn(asked, avoid)
            text, ending = yield from self._text(turn, name, attempt, checkpoint, watch)
            usage += ending.usage
            found = self._claims(text)
            avoid = tuple(dict.fromkeys(claim.text for claim in found if not claim.supported))[:_QUOTED]
            # What a model hears may be right without being among the facts; only a writer is asked again.
            if self._model.hears or not avoid or attempt == 2:
                self.usage += usage
                asked = turn.shared + turn.question
                kept = self._json(text)
                return Answer(name, text, kept, ending.finished, found, attempt, usage, asked, watch.timing)
            attempt += 1

    def _in_passages(self, checkpoint: Checkpoint) -> Generator[ProgressFacts | Piece, None, list[Answer]]:
        names, spans = [prompt.name for prompt in self._request.prompts], self._session.passages
        parts: dict[str, list[PassageAnswer]] = {name: [] for name in names}
        usages, watches = dict.fromkeys(names, Usage()), {name: _Stopwatch() for name in names}
        for index, span in enumerate(spans):
            for place, (name, asked) in enumerate(zip(names, self._asked, strict=True)):
                yield ProgressFacts(fraction=(index + place / len(names)) / len(spans), step=name)
                if opening := self._opening(name, span, index):
                    yield Piece(name, opening, 1)
                turn = self._turn(asked, ())
                text, ending = yield from self._text(turn, name, 1, checkpoint, watches[name], index)
                parts[name].append(PassageAnswer(span, text, self._json(text), ending.finished))
                usages[name] += ending.usage
        for usage in usages.values():
            self.usage += usage
        return [
            self._merged(name, tuple(parts[name]), usages[name], self._turn(asked, ()), watches[name].timing)
            for name, asked in zip(names, self._asked, strict=True)
        ]

    def _merged(self, name: str, parts: tuple[PassageAnswer, ...], usage: Usage, turn: Turn, timing: Timing) -> Answer:
        text = "".join(self._opening(name, part.passage, index) + part.text for index, part in enumerate(parts)).strip()
        # Of each passage by itself: the times that stand between them are no claims.
        found = tuple(dict.fromkeys(claim for part in parts for claim in self._claims(part.text)))
        finished = all(part.finished for part in parts)
        return Answer(name, text, None, finished, found, 1, usage, turn.shared + turn.question, timing, parts)

    def _opening(self, name: str, passage: Passage, index: int) -> str:
        """What stands before a passage's text: when it is. What is written down or must be JSON goes on without."""
        if self._schema is not None:
            return "\n" if index else ""
        if name == "transcribe":
            return " " if index else ""
        return f"{chr(10) * 2 if index else ''}[{_clock(passage.start_seconds)} to {_clock(passage.end_seconds)}] "

    def _text(
        self, turn: Turn, name: str, attempt: int, checkpoint: Checkpoint, watch: _Stopwatch, passage: int = 0
    ) -> Generator[Piece, None, tuple[str, Ending]]:
        """Has the model write one text; gives it without white space around it, and its ending."""
        parts: list[str] = []
        waiting, sent = "", 0.0
        ending: Ending | None = None
        watch.start()
        for event in self._session.ask(turn, checkpoint, passage):
            now = time.monotonic()
            if isinstance(event, Ending):
                ending = event
                watch.stop(now, event.usage.answer)
                continue
            watch.text(now)
            parts.append(event)
            waiting += event
            if now - sent >= _PIECE_SECONDS:
                yield Piece(name, waiting, attempt)
                waiting, sent = "", now
        if waiting:
            yield Piece(name, waiting, attempt)
        assert ending is not None, "a session's last word is its ending"
        return "".join(parts).strip(), ending

    def _turn(self, asked: str, avoid: tuple[str, ...]) -> Turn:
        sampling, schema = self._request.sampling, self._request.json_schema
        if sampling.repeat_penalty is None:
            sampling = replace(sampling, repeat_penalty=self._model.repeat_penalty)
        if self._model.hears:
            return Turn("", None, "", asked, sampling, schema)
        if avoid:
            asked = prompts.once_more(asked, avoid)
        example = None if schema else prompts.EXAMPLE
        return Turn(prompts.WRITER, example, prompts.given(self._facts), asked, sampling, schema)

    def _claims(self, text: str) -> tuple[Claim, ...]:
        return claims(text, self._facts) if self._request.check_claims and self._facts else ()

    def _json(self, text: str) -> str | None:
        if self._schema is None:
            return None
        try:
            # A grammar lets raw newlines into strings, which strict JSON does not.
            document = json.loads(text, strict=False)
            self._schema.validate(document)
        except (ValueError, RecursionError, jsonschema.ValidationError):
            return None
        return json.dumps(document, ensure_ascii=False)

    def _remarks(self, answer: Answer) -> Iterator[WarningFacts]:
        field = f"answers.{answer.prompt}"
        wrong = [claim for claim in answer.claims if not claim.supported]
        if self._model.hears:
            wrong = [claim for claim in wrong if claim.kind in ("tempo", "key")]
        if wrong:
            stated = ", ".join(dict.fromkeys(claim.text for claim in wrong))
            tries = "" if answer.attempts == 1 else f", after {answer.attempts} attempts"
            yield WarningFacts(
                "CLAIMS_UNSUPPORTED",
                f"the answer to {answer.prompt!r} states what the facts do not hold{tries}: {stated}",
                field,
            )
        if not answer.finished:
            yield WarningFacts(
                "ANSWER_CUT",
                f"the answer to {answer.prompt!r} was cut after {answer.usage.answer} tokens; allow more (max_tokens)",
                field,
            )
        wanting = [part.json for part in answer.passages] or [answer.json]
        if self._schema is not None and None in wanting:
            yield WarningFacts("JSON_INVALID", f"the answer to {answer.prompt!r} does not keep to the schema", field)
        if not answer.text:
            yield WarningFacts("ANSWER_EMPTY", f"the model wrote nothing in answer to {answer.prompt!r}", field)


class _Stopwatch:
    """Wall time of the questions of one answer."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._total = self._writing = self._began = self._asked = 0.0
        self._written = 0

    def start(self) -> None:
        """A question is put."""
        self._asked, self._began = time.monotonic(), 0.0

    def text(self, now: float) -> None:
        """Text came."""
        self._began = self._began or now
        if self._first is None:
            self._first = self._total + now - self._asked

    def stop(self, now: float, tokens: int) -> None:
        """The question is answered."""
        self._total += now - self._asked
        if self._began:
            self._writing, self._written = self._writing + now - self._began, self._written + tokens - 1

    @property
    def timing(self) -> Timing:
        """What was taken."""
        return Timing(self._first, self._total, self._writing, self._written)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def check_answerable(hears: bool, request: DescriptionRequest, facts: Facts) -> None:
    """Refuses what a model without ears cannot answer.

    Raises:
        AntiphonError: FACTS_MISSING, PROMPT_NEEDS_AUDIO.
    """
    if hears:
        return
    if any(prompt.name == "transcribe" and not prompt.text for prompt in request.prompts):
        raise invalid(
            "PROMPT_NEEDS_AUDIO",
            "the prompt 'transcribe' needs a model that hears; this one writes from facts alone",
            field="config.prompts",
            prompt="transcribe",
        )
    if not facts:
        raise invalid(
            "FACTS_MISSING",
            "the model writes from facts, and there are none; give facts_json, such as what essentia and speech said",
            field="config.facts_json",
        )


def _schema(text: str) -> jsonschema.Draft202012Validator | None:
    if not text:
        return None
    try:
        document = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(document)
    except (ValueError, RecursionError, jsonschema.SchemaError) as error:
        message = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
        raise invalid("JSON_SCHEMA", f"the schema is none: {message}", field="config.json_schema") from error
    outside = [each for each in _references(document) if not each.startswith("#")]
    if outside:
        # The library would fetch it.
        message = f"the schema refers to {outside[0]!r}; references stay within the schema (#/…)"
        raise invalid("JSON_SCHEMA", message, field="config.json_schema", reference=outside[0])
    return jsonschema.Draft202012Validator(document, registry=EMPTY_REGISTRY)


def _references(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(document, list):
        for value in document:
            yield from _references(value)
