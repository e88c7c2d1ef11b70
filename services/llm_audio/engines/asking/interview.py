"""Asks a model every prompt of a request, holds what it states against the facts, and asks once more where it must."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import jsonschema
from referencing.jsonschema import EMPTY_REGISTRY

from chassis.errors import invalid
from chassis.facts import ProgressFacts, WarningFacts
from services.llm_audio.engine import (
    Answer,
    Checkpoint,
    Claim,
    DescriptionRequest,
    Ending,
    LanguageModel,
    Piece,
    Prompt,
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
        """Yields progress, the pieces of each answer, each answer, and what is to be known of it."""
        for index, (prompt, asked) in enumerate(zip(self._request.prompts, self._asked, strict=True)):
            yield ProgressFacts(fraction=index / len(self._asked), step=prompt.name)
            answer = yield from self._answer(prompt, asked, checkpoint)
            self.usage += answer.usage
            yield answer
            yield from self._remarks(answer)
        yield ProgressFacts(fraction=1.0, step=self._request.prompts[-1].name)

    def _answer(self, prompt: Prompt, asked: str, checkpoint: Checkpoint) -> Generator[Piece, None, Answer]:
        attempt, usage = 1, Usage()
        asked_at, first_at, writing, written = time.monotonic(), 0.0, 0.0, 0
        avoid: tuple[str, ...] = ()
        while True:
            turn = self._turn(asked, avoid)
            parts: list[str] = []
            finished, waiting, sent, began = False, "", 0.0, 0.0
            for event in self._session.ask(turn, checkpoint):
                now = time.monotonic()
                if isinstance(event, Ending):
                    finished, usage = event.finished, usage + event.usage
                    if began:
                        writing, written = writing + now - began, written + event.usage.answer - 1
                    continue
                began = began or now
                first_at = first_at or now
                parts.append(event)
                waiting += event
                if now - sent >= _PIECE_SECONDS:
                    yield Piece(prompt.name, waiting, attempt)
                    waiting, sent = "", now
            if waiting:
                yield Piece(prompt.name, waiting, attempt)
            text = "".join(parts).strip()
            found = self._claims(text)
            avoid = tuple(dict.fromkeys(claim.text for claim in found if not claim.supported))[:_QUOTED]
            # What a model hears may be right without being among the facts; only a writer is asked again.
            if self._model.hears or not avoid or attempt == 2:
                first = first_at - asked_at if first_at else None
                timing = Timing(first, time.monotonic() - asked_at, writing, written)
                asked = turn.shared + turn.question
                return Answer(prompt.name, text, self._json(text), finished, found, attempt, usage, asked, timing)
            attempt += 1

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
        if self._schema is not None and answer.json is None:
            yield WarningFacts("JSON_INVALID", f"the answer to {answer.prompt!r} does not keep to the schema", field)
        if not answer.text:
            yield WarningFacts("ANSWER_EMPTY", f"the model wrote nothing in answer to {answer.prompt!r}", field)


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
