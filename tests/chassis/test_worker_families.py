"""Whatever the families' jobs may be asked and may yield passes the pipe between a service and its worker unchanged."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import typing
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon_wire.errors import AntiphonError
from chassis.reading import Limits, RawPcm
from chassis.worker.conversation import pack, to_a_service, to_a_worker
from chassis.worker.messages import Cancel, Ended, Event, Feed, Init, Job, LiveJob, Ready, Run, RunLive, Taken
from services.essentia.contract import AnalysisRequest, GroupFeatures, Matrix, TagRequest
from services.generation.contract import GenerationRequest
from services.llm_audio.comparison.request import JudgeRequest, Texts
from services.llm_audio.contract import DescriptionRequest
from services.separation.contract import SeparationRequest, Tuning
from services.speech.contract import AlignmentRequest, TranscriptionRequest
from services.speech.live.contract import LiveRequest
from tests.fixtures.pipe import heard, passed

FAMILIES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "services").glob("*/service.py"))

floats = st.floats(allow_nan=False)
wholes = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
counts = st.integers(0, 2**63 - 1)
plain = st.recursive(
    st.none() | st.booleans() | wholes | floats | texts | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
errors = st.builds(
    AntiphonError,
    texts,
    texts,
    texts,
    st.dictionaries(texts, texts, max_size=3),
    field=texts,
    retry_after_seconds=st.none() | st.floats(0, 1e9),
)
OF_TYPE = {float: floats, int: wholes, str: texts, bytes: st.binary(max_size=50), bool: st.booleans()}
OF_TYPE |= {type(None): st.none(), object: plain, Any: plain}
OF_TYPE |= {
    Matrix: st.integers(0, 5).map(lambda rows: Matrix((rows, 3), bytes(12 * rows))),
    GroupFeatures: st.builds(GroupFeatures, texts, st.dictionaries(texts, plain, max_size=5)),
    Ended: st.builds(Ended, counts, counts, st.floats(0, 1e9), st.booleans(), st.none(), texts),
    Ready: st.builds(Ready, counts, counts, texts),
    Taken: st.builds(Taken, counts, counts),
}


@functools.cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as an annotation says it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in OF_TYPE:
        return OF_TYPE[hint]
    if origin in (UnionType, typing.Union):
        return st.one_of([values(each) for each in arguments])
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return st.lists(values(arguments[0]), max_size=4).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is Mapping:
        return st.dictionaries(*map(values, arguments), max_size=4)
    hints = typing.get_type_hints(hint)
    names = getattr(hint, "_fields", None) or [field.name for field in dataclasses.fields(hint)]
    return st.builds(hint, **{name: values(hints[name]) for name in names})


def family(name: str) -> Any:
    service = importlib.import_module(f"services.{name}.service")
    return service.family(service.Settings())


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_of_a_family_arrives_as_it_was_yielded(name: str, data: st.DataObject) -> None:
    events = family(name).events
    payload = data.draw(values(events))
    arrived = passed(payload, events)
    assert (type(arrived), arrived) == (type(payload), payload)


@settings(max_examples=100, deadline=None)
@given(values(Ended | Ready | Taken) | st.builds(Event, counts, plain))
def test_every_message_of_a_worker_arrives_as_it_was_sent(message: Any) -> None:
    assert heard(b"".join(pack(message))) == [message]


@settings(max_examples=100, deadline=None)
@given(errors)
def test_every_error_arrives_with_all_that_it_says(error: AntiphonError) -> None:
    for message in (Ended(1, 2, 3.0, error=error), Ready(1, 2, "", error)):
        (arrived,) = heard(b"".join(pack(message)))
        told = arrived.error if isinstance(arrived, Ended) else arrived.problem
        assert vars(told) == vars(error)


@settings(max_examples=100, deadline=None)
@given(st.builds(Cancel, counts) | st.builds(Feed, counts, st.binary(), floats, st.booleans()))
def test_every_small_message_of_a_service_arrives_as_it_was_sent(message: Any) -> None:
    assert heard(b"".join(pack(message)), to_a_worker()) == [message]


REQUESTS = (
    AnalysisRequest(("pitch", "stem"), True, stem="vocals", tags=TagRequest(("m",), 0.5), beat_seconds=(0.5, 1.0)),
    GenerationRequest("m", ("a",), seed=2**63 - 1, sampling={"temperature": 1.0}),
    DescriptionRequest("m", facts_json='{"a": 1}'),
    JudgeRequest(("a", "b"), (Texts("x", ("1", "2")), Texts("y", ("3", "4")))),
    SeparationRequest("m", ("vocals",), tuning=Tuning(1, 0.5, 7.8, 3)),
    TranscriptionRequest(hotwords=("a", "b"), temperatures=(0.0, 0.5)),
    AlignmentRequest("la la", language="en"),
    LiveRequest("m", "de"),
)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
def test_every_request_reaches_a_worker_as_it_was_made(request_: Any) -> None:
    raw, limits = RawPcm("s16le", 8000, 1), Limits()
    runs = (
        Run(1, Job("verb", request_, "/tmp/\udcff", limits, raw, 0.5, 1.5, 2)),
        Run(1, Job("verb", request_, None, limits)),
        RunLive(1, LiveJob("verb", request_, limits, raw)),
    )
    for run in runs:
        assert heard(b"".join(pack(run)), to_a_worker()) == [run]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_worker_of_every_family_can_be_told_what_to_become(name: str) -> None:
    each = family(name)
    init = Init(each.jobs, each.settings, str(each.manifest), "/models/\udcff", 1 << 30, warm=True)
    assert heard(b"".join(pack(init)), to_a_worker()) == [init]
    to_a_service(each.events)
