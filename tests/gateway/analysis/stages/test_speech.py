"""The stage that asks for the words: on what, with which settings, and where in the upload they are put."""

from __future__ import annotations

import hashlib

from antiphon.audio.v1 import audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from tests.gateway.conftest import Gateway, Peers


async def test_speech_listens_to_the_separated_vocals_without_voice_activity_detection(
    gateway: Gateway, peers: Peers
) -> None:
    answer = await gateway.analyze()
    (heard,) = peers.speech.heard
    assert heard.sha256 == hashlib.sha256(peers.separation.stems["vocals"]).digest()
    assert heard.config.HasField("voice_activity_detection")
    assert not heard.config.voice_activity_detection
    assert answer.report("speech").input == "separation.vocals"
    assert answer.report("separation").input == "upload"


async def test_voice_activity_detection_stays_as_the_caller_set_it(gateway: Gateway, peers: Peers) -> None:
    await gateway.analyze(speech=speech_pb2.TranscriptionConfig(voice_activity_detection=True))
    assert peers.speech.heard[0].config.voice_activity_detection


async def test_speakers_are_told_apart_where_the_caller_asks_for_it(gateway: Gateway, peers: Peers) -> None:
    await gateway.analyze(speech=speech_pb2.TranscriptionConfig(diarize=True, speaker_count=2))
    config = peers.speech.heard[0].config
    assert (config.diarize, config.speaker_count) == (True, 2)


async def test_speech_alone_listens_to_the_upload_and_nobody_else_is_asked(
    gateway: Gateway, peers: Peers, song: bytes
) -> None:
    answer = await gateway.analyze(song, stages=["speech"])
    assert [report.stage for report in answer.record.stage_reports] == ["speech"]
    assert peers.speech.heard[0].sha256 == hashlib.sha256(song).digest()
    assert not peers.speech.heard[0].config.HasField("voice_activity_detection")
    assert not answer.record.fusion.lyrics.from_vocals
    assert list(answer.record.fusion.warnings) == []
    assert peers.separation.heard == peers.essentia.heard == []


async def test_raw_vocals_are_announced_to_speech_as_raw(gateway: Gateway, peers: Peers) -> None:
    encoding = audio_pb2.OUTPUT_ENCODING_PCM_F32LE
    await gateway.analyze(separation=separation_pb2.SeparationConfig(output_encoding=encoding))
    format_ = peers.speech.heard[0].config.audio_format
    assert format_.encoding == audio_pb2.INPUT_ENCODING_PCM_F32LE
    assert (format_.sample_rate_hertz, format_.channel_count) == (44_100, 2)


async def test_words_heard_in_the_vocals_of_a_clip_get_their_place_in_the_upload(
    gateway: Gateway, peers: Peers
) -> None:
    clip = audio_pb2.ClipRange(start_offset={"seconds": 30}, end_offset={"seconds": 60})
    answer = await gateway.analyze(
        separation=separation_pb2.SeparationConfig(clip=clip), speech=speech_pb2.TranscriptionConfig(clip=clip)
    )
    assert not peers.speech.heard[0].config.HasField("clip")
    assert answer.report("speech").input == "separation.vocals"
    segment = answer.record.speech.segments[1]
    assert (segment.start_offset.seconds, segment.end_offset.seconds) == (31, 32)
    assert segment.words[0].start_offset.seconds == 31


async def test_speech_does_not_listen_to_vocals_of_another_clip(gateway: Gateway) -> None:
    clip = audio_pb2.ClipRange(end_offset={"seconds": 60})
    answer = await gateway.analyze(separation=separation_pb2.SeparationConfig(clip=clip))
    assert answer.report("speech").input == "upload"
    assert [warning.reason for warning in answer.record.fusion.warnings] == ["LYRICS_FROM_MIX"]
