"""The stage that has every stem measured: which stems it asks about, on what, and what becomes of the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from google.protobuf import duration_pb2

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon_wire.errors import AntiphonError, not_ready
from antiphon_wire.status import from_status
from tests.gateway.conftest import Gateway, Peers
from tests.gateway.peers import answers, fails, hangs

STAGES = ["separation", "essentia", "stem_features"]


def clip(end_seconds: int) -> audio_pb2.ClipRange:
    """The first seconds of a recording."""
    return audio_pb2.ClipRange(end_offset=duration_pb2.Duration(seconds=end_seconds))


async def test_every_stem_is_measured_against_the_beats_of_the_mix(gateway: Gateway, peers: Peers) -> None:
    answer = await gateway.analyze(stages=STAGES)
    mix, *stems = peers.essentia.heard
    assert mix.config.include_series
    assert not mix.config.stem
    assert [heard.config.stem for heard in stems] == ["accompaniment", "vocals"]
    for heard in stems:
        assert heard.sha256 == hashlib.sha256(peers.separation.stems[heard.config.stem]).digest()
        assert tuple(heard.config.beat_seconds) == peers.essentia.beats
        assert not heard.config.groups
    found = {analysis.features.stem.name: analysis for analysis in answer.record.stem_features.stems}
    assert list(found) == ["accompaniment", "vocals"]
    assert found["vocals"].features.stem.onset_count == len(peers.separation.stems["vocals"])
    assert answer.report("stem_features").input == "separation.*"


async def test_the_record_keeps_the_beats_of_the_mix_and_no_series_that_nobody_asked_for(gateway: Gateway) -> None:
    series = (await gateway.analyze(stages=STAGES)).record.essentia.features.series
    assert [descriptor.name for descriptor, _ in series.ListFields()] == ["beat_seconds"]


async def test_series_that_were_asked_for_stay(gateway: Gateway) -> None:
    answer = await gateway.analyze(stages=STAGES, essentia=essentia_pb2.AnalysisConfig(include_series=True))
    assert list(answer.record.essentia.features.series.onset_seconds) == [0.25]


async def test_without_the_stage_no_stem_is_measured_and_no_beats_are_asked_for(gateway: Gateway, peers: Peers) -> None:
    answer = await gateway.analyze(stages=["separation", "essentia"])
    (heard,) = peers.essentia.heard
    assert not heard.config.include_series
    assert not answer.record.HasField("stem_features")
    assert not answer.record.essentia.features.HasField("series")


async def test_only_the_stems_that_the_caller_chose_are_measured(gateway: Gateway, peers: Peers) -> None:
    await gateway.analyze(stages=STAGES, separation=separation_pb2.SeparationConfig(stems=["accompaniment"]))
    assert [heard.config.stem for heard in peers.essentia.heard[1:]] == ["accompaniment"]


async def test_stems_are_measured_as_the_caller_says(gateway: Gateway, peers: Peers) -> None:
    wanted = essentia_pb2.AnalysisConfig(groups=["stem", "rhythm"], beat_seconds=[7.0], clip=clip(3), stem="nonsense")
    await gateway.analyze(stages=STAGES, stem_features=wanted)
    for heard in peers.essentia.heard[1:]:
        assert list(heard.config.groups) == ["stem", "rhythm"]
        assert list(heard.config.beat_seconds) == [7.0]
        assert heard.config.stem in peers.separation.stems
        assert not heard.config.HasField("clip")


async def test_beats_of_another_part_of_the_recording_are_not_used(gateway: Gateway, peers: Peers) -> None:
    answer = await gateway.analyze(stages=STAGES, separation=separation_pb2.SeparationConfig(clip=clip(3)))
    assert len(answer.record.stem_features.stems) == 2
    assert all(not heard.config.beat_seconds for heard in peers.essentia.heard[1:])


async def test_stems_are_measured_by_their_own_beats_where_the_mix_failed(gateway: Gateway, peers: Peers) -> None:
    peers.essentia.script = [fails(not_ready("MODEL_NOT_INSTALLED", "pull it")), answers]
    answer = await gateway.analyze(stages=STAGES)
    assert answer.states("essentia")[-1] == "FAILED"
    assert len(answer.record.stem_features.stems) == 2
    assert all(not heard.config.beat_seconds for heard in peers.essentia.heard[1:])


async def test_without_stems_the_stage_is_skipped_with_separations_error(gateway: Gateway, peers: Peers) -> None:
    peers.separation.script = [fails(not_ready("MODEL_NOT_INSTALLED", "pull it"))]
    answer = await gateway.analyze(stages=STAGES)
    report = answer.report("stem_features")
    assert report.state == record_pb2.STAGE_STATE_SKIPPED
    assert from_status(report.error).reason == "MODEL_NOT_INSTALLED"
    assert len(peers.essentia.heard) == 1


async def test_stems_that_came_to_nothing_skip_the_stage_with_a_reason(gateway: Gateway, peers: Peers) -> None:
    peers.separation.stems = {}
    report = (await gateway.analyze(stages=STAGES)).report("stem_features")
    assert report.state == record_pb2.STAGE_STATE_SKIPPED
    assert from_status(report.error).reason == "STAGE_INPUT_MISSING"


async def test_a_worker_lost_at_the_second_stem_is_asked_again_for_all(gateway: Gateway, peers: Peers) -> None:
    gone = AntiphonError("UNAVAILABLE", "WORKER_LOST", "the worker died", retry_after_seconds=0.0)
    peers.essentia.script = [answers, answers, fails(gone), answers]
    answer = await gateway.analyze(stages=STAGES)
    assert answer.report("stem_features").attempt_count == 2
    assert [analysis.features.stem.name for analysis in answer.record.stem_features.stems] == [
        "accompaniment",
        "vocals",
    ]


async def test_progress_runs_over_all_stems_together(gateway: Gateway) -> None:
    answer = await gateway.analyze(stages=STAGES)
    fractions = [each.progress.fraction for each in answer.of("progress") if each.stage == "stem_features"]
    assert fractions == [0.25, 0.75]


async def test_no_file_is_left_behind(gateway: Gateway) -> None:
    await gateway.analyze(stages=STAGES)
    assert gateway.spool.used_bytes == 0


async def test_a_stem_that_takes_too_long_ends_the_stage_and_nothing_else(
    start_gateway: Callable[..., Any], peers: Peers
) -> None:
    peers.essentia.script = [answers, hangs]
    gateway = await start_gateway(essentia_seconds=1.0)
    answer = await gateway.analyze(stages=STAGES)
    assert from_status(answer.report("stem_features").error).reason == "STAGE_DEADLINE"
    assert answer.record.HasField("essentia")
