"""What is to be known of an answer that is otherwise good."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.reports import WarningReport
from services.llm_audio.contract import Answer


def remarks(answer: Answer, hears: bool, wants_json: bool) -> Iterator[WarningReport]:
    """Yields what to know of an answer.

    Args:
        answer: The answer.
        hears: Whether the model hears: then only a tempo or a key that the facts do not hold is remarked on, for it may
            hear instruments and genres that nothing else found.
        wants_json: Whether a schema was asked for.
    """
    field = f"answers.{answer.prompt}"
    wrong = [claim for claim in answer.claims if not claim.supported]
    if hears:
        wrong = [claim for claim in wrong if claim.kind in ("tempo", "key")]
    if wrong:
        stated = ", ".join(dict.fromkeys(claim.text for claim in wrong))
        tries = "" if answer.attempts == 1 else f", after {answer.attempts} attempts"
        yield WarningReport(
            "CLAIMS_UNSUPPORTED",
            f"the answer to {answer.prompt!r} states what the facts do not hold{tries}: {stated}",
            field,
        )
    if not answer.finished:
        yield WarningReport(
            "ANSWER_CUT",
            f"the answer to {answer.prompt!r} was cut after {answer.usage.answer} tokens; allow more (max_tokens)",
            field,
        )
    kept = [part.json for part in answer.passages] or [answer.json]
    if wants_json and None in kept:
        yield WarningReport("JSON_INVALID", f"the answer to {answer.prompt!r} does not keep to the schema", field)
    if not answer.text:
        yield WarningReport("ANSWER_EMPTY", f"the model wrote nothing in answer to {answer.prompt!r}", field)
