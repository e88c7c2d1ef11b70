"""A worker that has been taken over can neither run code in its service, nor fill its memory, nor hold it up."""

from __future__ import annotations

import dataclasses
import enum
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, invalid
from chassis.reports import ModelReport, ProgressReport, Span, TimeLineReport, WorkReport
from chassis.worker import conversation, frames, plain
from chassis.worker.conversation import pack
from chassis.worker.frames import BadFrameError
from chassis.worker.messages import Ended, Event, Feed, Init
from chassis.worker.reader import MAX_DEPTH, UnfitError
from chassis.worker.schema import codec
from services.essentia.contract import GroupFeatures, Matrix
from tests.chassis.forged import (
    BYTES,
    CLASS,
    EVENT,
    FLOATS,
    FORGERIES,
    MAPPING,
    PIECE,
    PROGRESS,
    ROW,
    SCALAR,
    TABLE,
    ended,
    event,
    frame,
    progress,
    row,
)
from tests.fixtures.pipe import heard, passed


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass(frozen=True)
class Everything:
    """A field of each type that a message may have."""

    truth: bool
    whole: int
    number: float
    text: str
    data: bytes
    path: Path
    colour: Colour
    choice: Literal["a", "b", 3]
    maybe: int | None
    several: str | float | Span
    floats: tuple[float, ...]
    wholes: tuple[int, ...]
    texts: tuple[str, ...]
    pair: tuple[str, float]
    named: Mapping[str, tuple[Span, ...]]
    error: AntiphonError | None
    inner: TimeLineReport
    open: object


def full(**changed: Any) -> Everything:
    values: dict[str, Any] = {
        "truth": True,
        "whole": -(2**63),
        "number": 0.1,
        "text": "é\u0000\n",
        "data": b"\x00\xff",
        "path": Path("/a/b"),
        "colour": Colour.BLUE,
        "choice": 3,
        "maybe": None,
        "several": Span(1.0, 2.0),
        "floats": (0.1, math.inf),
        "wholes": (0, 2**63 - 1),
        "texts": ("a", ""),
        "pair": ("a", 0.5),
        "named": {"a": (Span(1.0, 2.0),), "b": ()},
        "error": None,
        "inner": TimeLineReport(1.0, (Span(0.0, 1.0),), 1, 1.0),
        "open": {"a": (1, 2.5, None, ({"b": b"c"}, {})), "d": ((1,), True), "e": (1.5,), "f": (1, 2), "g": ()},
    }
    return Everything(**{**values, **changed})


def test_a_field_of_every_type_arrives_as_it_was_sent() -> None:
    assert passed(full(), Everything) == full()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("truth", 1),
        ("whole", True),
        ("whole", 1.0),
        ("number", "1"),
        ("number", np.float64(1.0)),
        ("text", b"x"),
        ("data", "x"),
        ("path", "/a"),
        ("colour", "RED"),
        ("choice", "c"),
        ("maybe", "x"),
        ("several", None),
        ("floats", (0.1, "x")),
        ("floats", np.zeros(2)),
        ("wholes", (1, 2.0)),
        ("wholes", (2**63,)),
        ("texts", ("a", None)),
        ("texts", "ab"),
        ("pair", ("a", 0.5, 1)),
        ("named", {1: ()}),
        ("named", {"a": ((1.0, 2.0),)}),
        ("error", ValueError("x")),
        ("inner", ProgressReport()),
        ("open", {1}),
        ("open", ProgressReport()),
        ("open", {"a": np.float32(1)}),
    ],
)
def test_a_value_that_is_not_of_its_fields_type_is_not_sent_and_the_error_says_where(name: str, value: Any) -> None:
    with pytest.raises(UnfitError, match=rf"Everything\.{name} holds"):
        pack(Event(1, full(**{name: value})))


@pytest.mark.parametrize("kind", FORGERIES)
def test_what_no_worker_of_ours_says_is_refused_or_is_about_another_job(kind: str) -> None:
    about_another = {"the end of another job", "a second beginning"}  # well said: who waits for the job refuses it
    if kind in about_another:
        assert len(heard(FORGERIES[kind](1))) == 1
        return
    with pytest.raises(BadFrameError):
        heard(FORGERIES[kind](1))


def test_scalars_that_our_own_messages_have_are_heard() -> None:
    assert heard(ended(7, 5, 0.5)) == [Ended(7, 5, 0.5)]
    assert heard(event(7, *progress(0.5))) == [Event(7, ProgressReport(0.5))]
    assert heard(event(7, MAPPING, 1, "a", SCALAR, 3)) == [Event(7, {"a": 3})]
    table = (TABLE, 2, 2, "a", b"", ROW, 2, SCALAR, 1, SCALAR, "x", "b", b"\x00\x01", FLOATS, bytes(8))
    assert heard(event(7, *table)) == [Event(7, ({"a": 1}, {"a": "x", "b": 0.0}))]


@pytest.mark.parametrize(
    "payload",
    [
        (MAPPING, 2, "a", SCALAR, 1, "a", SCALAR, 2),
        (MAPPING, 1, b"a", SCALAR, 1),
        (MAPPING, -1),
        (MAPPING, 2**62),
        (ROW, 2**62),
        (ROW, 1.0),
        (ROW, True),
        (FLOATS, b"1234567"),
        (FLOATS, "12345678"),
        (SCALAR, b"x"),
        (SCALAR, {}),
        (BYTES, -5),
        (8, 1),
        (-1, 1),
        ("0", 1),
        (TABLE, 2**40, 0),
        (TABLE, 1_000_000, 1, "a", b"", FLOATS, bytes(8)),
        (TABLE, 2, 1, "a", b"", FLOATS, bytes(8)),
        (TABLE, 2, 1, "a", b"\x01", FLOATS, bytes(8)),
        (TABLE, 1, 1, "a", b"", SCALAR, "x"),
        (TABLE, 1, 2, "a", b"", FLOATS, bytes(8), "a", b"", FLOATS, bytes(8)),
        (CLASS, PROGRESS, 2, 0.5, 1, None, "", False, 1, None),
        (CLASS, PROGRESS, 0, 0.5, 1, None, b"", False, 1, None),
        (CLASS, PROGRESS, 0, 0.5, 1, None, "", 0, 1, None),
        (CLASS, PROGRESS, 0, 1, 1, None, "", False, 1, None),
        (CLASS, b"chassis.reports:ProgressReport", 1, None),
        (CLASS, "chassis.reports:SourceReport", "", "", 1, 1),
        (CLASS, "tests.chassis.jobs:Jobs"),
        (CLASS, "builtins:eval", "1"),
    ],
    ids=str,
)
def test_scalars_that_make_no_payload_are_refused(payload: tuple[Any, ...]) -> None:
    with pytest.raises(BadFrameError):
        heard(event(1, *payload))


def test_every_cut_of_a_message_is_refused() -> None:
    (whole,) = pack(Event(1, ProgressReport(0.5, step="tempo")))
    body = whole[frames.HEADER.size :]
    for cut in range(len(body)):
        with pytest.raises(BadFrameError):
            heard(frame(body[:cut]))
    with pytest.raises(BadFrameError):
        heard(frame(body + b"\xc4"))


def test_an_array_a_map_and_an_extension_are_refused_wherever_they_stand() -> None:
    good = row(EVENT, 1, SCALAR, 5)
    assert heard(frame(good))
    for hostile in (b"\x91\x05", b"\x81\x05\x05", b"\xdd\xff\xff\xff\xff", b"\xd4\x05\x00", b"\xc7\x00\x05", b"\xc1"):
        for body in (hostile, good[:-1] + hostile, hostile + good, good + hostile):
            with pytest.raises(BadFrameError, match=r"no row of scalars|extension"):
                heard(frame(body))
    with pytest.raises(BadFrameError, match="no row of scalars"):
        heard(frame(row(EVENT, 1, SCALAR) + b"\xd6\xff\x00\x00\x00\x00"))  # a moment in time is an extension too


def test_text_that_is_none_is_refused_by_a_service() -> None:
    with pytest.raises(BadFrameError):
        heard(frame(row(EVENT, 1, SCALAR) + b"\xa3\xed\xa0\x80"))


def test_plain_data_is_as_deep_as_ours_may_be_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        return event(1, *(ROW, 1) * levels, SCALAR, 5)

    assert heard(nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 200_000):
        with pytest.raises(BadFrameError):
            heard(nested(levels))


def test_data_that_holds_itself_is_not_sent() -> None:
    made: list[object] = ["x"]
    made.append(made)
    with pytest.raises(RecursionError):
        pack(Event(1, made))


def alone(script: str) -> str:
    """What a script prints in a process of its own: memory that it took would blind other tests that watch it."""
    header = (
        "from chassis.memory import peak_bytes, reset_peak, resident_bytes\n"
        "from chassis.worker.frames import MAX_ATTACHED_BYTES, BadFrameError\n"
        "from chassis.worker.reader import MAX_CELLS\n"
        "from tests.chassis.forged import *\n"
        "from tests.fixtures.pipe import heard, passed\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", header + script], capture_output=True, check=True, text=True, timeout=60
    )
    return ran.stdout


@pytest.mark.parametrize(
    "made",
    [
        "event(1, TABLE, MAX_CELLS, 0)",
        "event(1, TABLE, 700_000, 1, 'a', b'', FLOATS, bytes(8 * 700_000))",
        "event(1, FLOATS, bytes(8 * 1_900_000))",
        "frame(b'\\x90' * (16 << 20))",
        "frame(b'\\xa2ab' * (5 << 20))",
        "frame(b'\\xdd\\x00\\xff\\xff\\xff' * (3 << 20))",
        "event(1, *(ROW, 1_000) * 1_000)",
        "frame(b'x', PIECE) * 4_000 + event(1, SCALAR, 5)",
    ],
)
def test_a_frame_takes_memory_for_what_came_and_not_for_what_it_claims(made: str) -> None:
    script = (
        f"sent = {made}\n"
        "reset_peak(); before = resident_bytes()\n"
        "try: heard(sent)\n"
        "except BadFrameError: pass\n"
        "print(peak_bytes() - before)"
    )
    # Copies of 16 MiB on the way, and as many parts, numbers or rows of tables as a frame may have.
    assert int(alone(script)) < 200 << 20


def test_as_many_numbers_as_the_largest_answer_holds_pass() -> None:
    alone("numbers = (0.5,) * (MAX_ATTACHED_BYTES // 8)\nassert passed({'a': numbers})['a'] == numbers")


def test_long_bytes_go_ahead_in_pieces_and_arrive_whole() -> None:
    data = bytes(range(256)) * 10_000
    for payload in (data, (data, b"short", data[:-1]), {"a": (0.5,) * 200_000}, data[: frames.PIECE_BYTES]):
        sent = pack(Event(1, payload))
        assert len(sent) > 1
        assert max(map(len, sent)) <= frames.HEADER.size + frames.PIECE_BYTES
        assert passed(payload) == payload


def test_pieces_must_be_those_that_a_message_names() -> None:
    sent = pack(Event(1, b"x" * (frames.PIECE_BYTES + 20)))
    assert heard(b"".join(sent))
    for stream in (sent[1:], [sent[0], *sent], [sent[0], sent[2]], sent[2:]):
        with pytest.raises(BadFrameError):
            heard(b"".join(stream))


def test_what_is_too_large_for_a_message_is_refused_where_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 1 << 20
    for name in ("MAX_ATTACHED_BYTES", "MAX_FRAME_BYTES"):
        monkeypatch.setattr(frames, name, limit)
    monkeypatch.setattr(frames, "MAX_TOKENS", 10_000)
    assert passed((bytes(limit), "x" * 1_000_000)) == (bytes(limit), "x" * 1_000_000)
    for large in (bytes(limit + 1), (bytes(limit), bytes(17 << 10)), ("x" * 1_000,) * 1_100, (None,) * 5_000):
        with pytest.raises(ValueError, match="too large"):
            pack(Event(1, large))


def test_pieces_beyond_the_largest_answer_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_ATTACHED_BYTES", 1 << 20)
    assert heard(b"".join(pack(Event(1, bytes(1 << 20)))))
    with pytest.raises(BadFrameError, match="ahead of one message"):
        heard(frame(bytes(1 << 20), PIECE) + frame(b"x", PIECE))


@pytest.mark.parametrize("shape", [(-1, -4), (2, 3), (2**62, 2**62), (4, 0)])
def test_a_matrix_whose_shape_is_not_that_of_its_bytes_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of shape"):
        Matrix(shape, bytes(16))
    tokens: list[Any] = []
    codec(Matrix).write(Matrix((4,), bytes(16)), tokens)
    codec(tuple[int, ...]).write(shape, forged := [])
    with pytest.raises(BadFrameError):
        heard(event(1, CLASS, plain.name_of(Matrix), *forged, *tokens[1:]), conversation.to_a_service(Matrix))


def test_an_error_passes_with_all_that_it_says() -> None:
    sent = AntiphonError("RESOURCE_EXHAUSTED", "X", "y", {"a": "b"}, field="config", retry_after_seconds=1.5)
    (message,) = heard(b"".join(pack(Ended(1, 2, 3.0, error=sent))))
    assert vars(message.error) == vars(sent)
    assert heard(b"".join(pack(Ended(1, 2, 3.0, error=invalid("X", "y")))))[0].error.retry_after_seconds is None


def test_numbers_of_a_worker_that_are_no_counts_cannot_even_be_said() -> None:
    with pytest.raises(ValueError, match="counts"):
        Ended(1, -1, 0.0)
    with pytest.raises(BadFrameError):
        heard(ended(1, 5, math.inf))


def test_a_whole_number_passes_for_a_float_and_a_list_for_a_tuple() -> None:
    report = WorkReport("e", ModelReport("m", "r", {}, "MIT", True), "cpu", "float32", {"a": "1"}, {}, seed=3)
    assert passed(report, WorkReport) == report
    assert passed(ProgressReport(fraction=1)).fraction == 1.0
    assert passed([1, "a", [0.5]]) == (1, "a", (0.5,))


def test_a_group_of_features_passes_with_the_entries_that_each_row_has() -> None:
    notes = tuple({"start": i / 2, "midi": i, **({"names": ("a", "b")} if i % 2 else {})} for i in range(100))
    group = GroupFeatures("pitch", {"notes": notes, "none": ({}, {}), "mean": 0.5, "chroma": (0.5, 0.25), "count": 3})
    assert passed(group, GroupFeatures) == group


def run_of(name: str) -> bytes:
    """A job for a worker whose request is of the class of that name."""
    return frame(row(1, 5, "verb", CLASS, name))


def test_a_worker_hears_its_service_by_the_same_format_and_takes_only_data_classes_of_ours() -> None:
    from services.speech.contract import TranscriptionRequest

    init = Init("a:B", TranscriptionRequest(hotwords=("x",)), "/m", "/st\udcffore", None, True)
    assert heard(b"".join(pack(init)), conversation.to_a_worker()) == [init]
    feed = Feed(1, b"x" * 70_000, 0.5, False)
    assert heard(b"".join(pack(feed)), conversation.to_a_worker()) == [feed]
    for name in ("os:system", "subprocess:Popen", "chassis.worker.child:Channel", "services.speech.job:Nobody"):
        with pytest.raises(BadFrameError, match="no data class of ours"):
            heard(run_of(name), conversation.to_a_worker())


def test_a_class_that_no_message_can_hold_is_told_when_a_service_starts() -> None:
    @dataclasses.dataclass(frozen=True)
    class Holder:
        value: bytearray | None

    with pytest.raises(TypeError, match="cannot hold"):
        conversation.to_a_service(Holder)
