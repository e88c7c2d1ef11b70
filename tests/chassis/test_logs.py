"""What callers send cannot fill, forge or leak into a log."""

from __future__ import annotations

import doctest
import json
import logging

import pytest

from antiphon_wire.errors import invalid
from chassis.server import logs
from chassis.server.logs import Repeats, SafeFormatter, safe_id
from chassis.traces import WorkerFaultError, account

SECRET = "what a user sang"


def record(text: str, *values: object, exc_info: object = None, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("antiphon", logging.INFO, "here.py", 1, text, values, exc_info)  # type: ignore[arg-type]
    made.__dict__.update(more)
    return made


def written(*, exception: BaseException | None = None, text: str = "x") -> str:
    info = None if exception is None else (type(exception), exception, exception.__traceback__)
    return SafeFormatter("%(levelname)s %(message)s").format(record(text, exc_info=info))


def test_the_examples_are_true() -> None:
    assert doctest.testmod(logs).failed == 0


def test_a_message_is_one_line_without_control_characters_and_of_bounded_length() -> None:
    assert written(text="a\nERROR forged\x1b[2J\u202eb\ud800") == "INFO a\\u000aERROR forged\\u001b[2J\\u202eb\\ud800"
    assert len(written(text="x" * 1_000_000)) < 3_000


@pytest.mark.parametrize("text", ["a" * 7_500, "\x00\n" * 5_000, "é" * 300])
def test_a_request_id_has_at_most_128_safe_characters(text: str) -> None:
    made = safe_id(text)
    assert len(made) == 128
    assert made.isascii()
    assert made.isprintable()


def test_an_exception_is_told_by_its_type_and_place_and_never_by_what_it_says() -> None:
    try:
        try:
            json.loads(f'{{"lyrics": {SECRET}')
        except ValueError as inner:
            raise KeyError(SECRET) from inner
    except KeyError as error:
        text = written(exception=error)
    assert SECRET not in text
    assert "KeyError\n  at " in text
    assert f"{__file__}:" in text
    assert "because of json.decoder.JSONDecodeError" in text


def test_of_our_own_errors_the_reason_is_told_and_of_a_worker_the_places_in_it() -> None:
    assert account(invalid("UNKNOWN_STEM", SECRET)).endswith("AntiphonError UNKNOWN_STEM")
    text = written(exception=WorkerFaultError("KeyError\n  at job.py:7 in separate\x1b[2J"))
    assert "KeyError\n  at job.py:7 in separate\\u001b[2J" in text
    assert len(written(exception=WorkerFaultError("x\n" * 1_000_000))) < 20_000


def test_repeated_lines_are_left_out_and_counted() -> None:
    now = [0.0]
    repeats = Repeats(lambda: now[0])
    passed = sum(repeats.filter(record("%s", str(number), kind="GetStatus OK")) for number in range(2_000))
    assert passed == 200
    assert repeats.filter(record("%s", "another", kind="Separate OK")), "other lines are not in its way"
    now[0] = 11.0
    later = record("%s", "next", kind="Separate OK")
    assert repeats.filter(later)
    assert "(1800 lines like 'antiphon INFO GetStatus OK' left out)" in SafeFormatter("%(message)s").format(later)
    after = record("%s", "next", kind="GetStatus OK")
    assert repeats.filter(after)
    assert SafeFormatter("%(message)s").format(after) == "next"


def test_kinds_without_number_do_not_fill_the_memory_and_are_limited_together() -> None:
    repeats = Repeats(lambda: 0.0)
    passed = sum(repeats.filter(record(f"text {number}")) for number in range(5_000))
    assert passed == 500 + 200
