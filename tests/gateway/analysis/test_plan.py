"""The plan: what is run, on what, and after what."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_wire.errors import AntiphonError
from gateway.analysis.plan import STAGES, derive
from gateway.analysis.question import Question
from gateway.analysis.stage import UPLOAD, Stage, source_of


async def unasked(question: Question) -> AsyncGenerator[analysis_pb2.AnalyzeResponse, None]:
    """Stands for what a stage asks, where nothing is run."""
    raise NotImplementedError
    yield


def test_the_stages_stand_in_the_order_of_the_contract() -> None:
    # Records list their reports in it: another order would be other bytes, so what is new comes last.
    published = ["separation", "speech", "essentia", "stem_features", "llm_audio"]
    assert [stage.name for stage in STAGES][: len(published)] == published


def test_a_stage_waits_only_for_stages_before_it() -> None:
    # Two that waited for each other would wait for ever.
    names = [stage.name for stage in STAGES]
    for index, stage in enumerate(STAGES):
        sources = {source_of(name) for name in (*stage.inputs, *stage.uses) if name != UPLOAD}
        assert sources <= set(names[:index])


def test_no_stage_named_means_all_in_order() -> None:
    assert [step.name for step in derive([]).steps] == [stage.name for stage in STAGES]


def test_stages_keep_their_order_whatever_the_callers() -> None:
    assert [step.name for step in derive(["essentia", "separation", "essentia"]).steps] == ["separation", "essentia"]


def test_speech_waits_for_the_vocals_where_separation_is_wanted() -> None:
    separation, speech = derive(["separation", "speech"]).steps
    assert separation.kept == ("vocals",)
    assert separation.waits_for == ()
    assert speech.inputs == ("separation.vocals", UPLOAD)
    assert speech.waits_for == ("separation",)


def test_speech_alone_waits_for_nobody() -> None:
    (speech,) = derive(["speech"]).steps
    assert speech.inputs == (UPLOAD,)
    assert speech.waits_for == ()


def test_stem_features_wait_for_all_stems_and_for_the_beats_of_the_mix() -> None:
    separation, essentia, stems = derive(["separation", "essentia", "stem_features"]).steps
    assert separation.kept == ("*",)
    assert essentia.kept == ("beats",)
    assert stems.inputs == ("separation.*",)
    assert stems.waits_for == ("separation", "essentia")


def test_stem_features_do_without_the_beats_but_not_without_the_stems() -> None:
    assert derive(["separation", "stem_features"]).steps[1].waits_for == ("separation",)
    with pytest.raises(AntiphonError) as caught:
        derive(["essentia", "stem_features"])
    assert caught.value.reason == "STAGE_INPUT_MISSING"


def test_prose_waits_for_the_facts_that_the_plan_has() -> None:
    assert derive(["llm_audio"]).steps[0].waits_for == ()
    *_, prose = derive(["speech", "essentia", "llm_audio"]).steps
    assert prose.inputs == (UPLOAD,)
    assert prose.waits_for == ("essentia", "speech")
    separation, *_, prose = derive(["separation", "essentia", "llm_audio"]).steps
    assert prose.waits_for == ("essentia", "separation")
    assert separation.kept == (), "what it says is no stem"


def test_nothing_is_kept_for_nobody() -> None:
    separation, _ = derive(["separation", "essentia"]).steps
    assert separation.kept == ()


def test_an_unknown_stage_is_refused_by_its_place() -> None:
    with pytest.raises(AntiphonError) as caught:
        derive(["speech", "speach"])
    assert caught.value.reason == "UNKNOWN_STAGE"
    assert caught.value.field == "config.stages[1]"
    assert caught.value.metadata == {
        "stage": "speach",
        "known": ", ".join(stage.name for stage in STAGES),
    }


def test_a_stage_that_cannot_do_without_another_is_refused_alone() -> None:
    stages = [Stage("first", "one", unasked), Stage("second", "two", unasked, inputs=("first.output",))]
    assert derive([], stages).steps[1].waits_for == ("first",)
    with pytest.raises(AntiphonError) as caught:
        derive(["second"], stages)
    assert caught.value.reason == "STAGE_INPUT_MISSING"
    assert "'first'" in caught.value.message


def test_stages_whose_services_are_not_there_are_left_out_and_named_absent() -> None:
    plan = derive([], services=["speech", "essentia"])
    assert [step.name for step in plan.steps] == ["speech", "essentia"]
    assert plan.steps[0].inputs == (UPLOAD,)
    # stem_features asks essentia, which is there, and listens to separation, which is not.
    assert plan.absent == ("separation", "stem_features", "llm_audio")
    assert derive([]).absent == derive(["speech"], services=["speech"]).absent == ()


@pytest.mark.parametrize(
    ("wanted", "services"),
    [(["speech", "llm_audio"], ["speech"]), (["stem_features"], ["essentia"]), ([], []), (["speech"], [])],
)
def test_a_stage_that_is_asked_for_by_name_and_cannot_be_served_is_refused(
    wanted: list[str], services: list[str]
) -> None:
    with pytest.raises(AntiphonError) as caught:
        derive(wanted, services=services)
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "STAGE_NOT_SERVED")
