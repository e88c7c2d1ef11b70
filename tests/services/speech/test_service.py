"""The service's RPCs over the wire, on the real model: every setting arrives, every answer says what it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import psutil
import pytest

import antiphon_renderers as renderers
from antiphon.audio.v1 import audio_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon.speech.v1 import speech_service_pb2 as pb
from antiphon.speech.v1 import speech_service_pb2_grpc as pb_grpc
from antiphon_client import AntiphonClientError
from antiphon_wire import status
from bench.speech_material import dialogues, recordings
from chassis.models import Store
from services.speech import speakers
from tests.fixtures.muxed import Sound, muxed
from tests.fixtures.processes import until_all_idle
from tests.services.speech.running_service import TINY, serving

pytestmark = pytest.mark.weights

LYRICS = f"{recordings.LINES['0880']}\n\nthe quick brown fox jumps over the lazy dog\n{recordings.LINES['0890']}"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two clips with quiet between them, 8 s."""
    quiet = np.zeros(recordings.SAMPLE_RATE, np.float32)
    samples = np.concatenate([recordings.line("0880"), quiet, recordings.line("0890")])
    return recordings.write_wav(tmp_path / "clip.wav", samples)


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two minutes, so that there is time to leave."""
    return recordings.write_wav(tmp_path / "long.wav", np.tile(recordings.passage(), 5))


async def everything(events: AsyncGenerator[Any, None]) -> list[Any]:
    return [event async for event in events]


def of(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


async def test_every_setting_of_a_transcription_arrives(
    store: Store, tmp_path: Path, unused_tcp_port: int, clip: Path
) -> None:
    config = pb.TranscriptionConfig(
        model=TINY,
        language_code="en",
        task=pb.TASK_TRANSCRIBE,
        beam_size=2,
        word_times=False,
        voice_activity_detection=False,
        initial_prompt="Jane Austen",
        hotwords=["Dashwood", "Norland"],
        temperatures=[0.0, 0.25],
        condition_on_previous_text=True,
        no_speech_threshold=0.5,
        hallucination_guard=False,
    )
    config.clip.start_offset.FromMilliseconds(1000)
    config.clip.end_offset.FromMilliseconds(6000)
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        events = await everything(client.transcribe(clip, config))
        plain = await everything(client.transcribe(clip, pb.TranscriptionConfig()))
    summary = events[-1]
    assert isinstance(summary, pb.TranscriptionSummary)
    told = dict(summary.provenance.parameters)
    wanted = {
        "model": TINY,
        "language_code": "en",
        "task": "transcribe",
        "beam_size": "2",
        "word_times": "false",
        "voice_activity_detection": "false",
        "initial_prompt": "Jane Austen",
        "hotwords": "Dashwood, Norland",
        "temperatures": "0, 0.25",
        "condition_on_previous_text": "true",
        "no_speech_threshold": "0.5",
        "hallucination_guard": "false",
    }
    assert {name: told.get(name) for name in wanted} == wanted
    segments = of(events, pb.Segment)
    assert segments
    assert all(not segment.words for segment in segments)
    assert all(1.0 <= segment.start_offset.ToSeconds() <= segment.end_offset.ToSeconds() <= 6.0 for segment in segments)
    defaults = dict(plain[-1].provenance.parameters)
    assert (defaults["beam_size"], defaults["word_times"], defaults["hallucination_guard"]) == ("5", "true", "true")
    said = of(plain, pb.Segment)
    assert all(segment.words for segment in said)
    assert all(segment.HasField("avg_logprob") and segment.HasField("no_speech_probability") for segment in said)
    assert not any(segment.HasField("language_code") for segment in said)
    wanted_text = f"{recordings.LINES['0880']} {recordings.LINES['0890']}"
    assert recordings.word_errors(wanted_text, " ".join(segment.text for segment in said)) <= 4


async def test_lyrics_come_back_line_by_line_with_their_times(
    store: Store, tmp_path: Path, unused_tcp_port: int, clip: Path
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        events = await everything(client.align_lyrics(clip, pb.AlignmentConfig(lyrics=LYRICS)))
    lines, summary = of(events, pb.AlignedLine), events[-1]
    assert isinstance(summary, pb.AlignmentSummary)
    assert [(line.line_number, line.text) for line in lines] == [
        (1, recordings.LINES["0880"]),
        (3, "the quick brown fox jumps over the lazy dog"),
        (4, recordings.LINES["0890"]),
    ]
    first, absent, last = lines
    assert first.end_offset.ToMilliseconds() <= last.start_offset.ToMilliseconds()
    assert [word.text for word in first.words] == recordings.LINES["0880"].split()
    assert not absent.HasField("start_offset")
    assert not absent.words
    assert (summary.aligned_line_count, summary.unmatched_line_count) == (2, 1)
    assert summary.lyrics == LYRICS
    assert [warning.reason for warning in summary.warnings] == ["LINES_UNMATCHED"]
    assert summary.provenance.model.name == TINY
    assert summary.provenance.upload_sha256 != b""


@pytest.mark.parametrize(
    ("settings", "data", "reason"),
    [
        ({"lyrics": " \n\n"}, None, "LYRICS_EMPTY"),
        ({"lyrics": "x" * 20_001}, None, "LYRICS_TOO_LONG"),
        ({"lyrics": "la", "language_code": "xx"}, None, "UNKNOWN_LANGUAGE"),
        ({"lyrics": "la", "language_code": "fr"}, None, "LANGUAGE_NOT_SUPPORTED"),
        ({"lyrics": "la", "model": "whisper-huge"}, None, "UNKNOWN_MODEL"),
        ({"lyrics": "la"}, b"not audio", "AUDIO_UNDECODABLE"),
    ],
)
async def test_lyrics_that_cannot_be_aligned_are_refused(
    store: Store,
    tmp_path: Path,
    unused_tcp_port: int,
    clip: Path,
    settings: dict[str, Any],
    data: bytes | None,
    reason: str,
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        with pytest.raises(AntiphonClientError) as caught:
            await everything(client.align_lyrics(clip if data is None else data, pb.AlignmentConfig(**settings)))
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", reason)


async def test_an_alignment_that_is_left_frees_the_core_and_its_place(
    store: Store, tmp_path: Path, unused_tcp_port: int, long: Path, clip: Path
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, host):
        async with aclosing(client.align_lyrics(long, pb.AlignmentConfig(lyrics=LYRICS))) as events:
            async for event in events:
                if getattr(event, "fraction", 0.0) > 0.0:
                    break
        async with asyncio.timeout(10):
            while host.pool.admitted:
                await asyncio.sleep(0.01)
        # One that heeds the call too late is killed, and a fresh one takes its place.
        await until_all_idle(lambda: host.pool.pids)
        events_after = await everything(client.align_lyrics(clip, pb.AlignmentConfig(lyrics=LYRICS)))
        assert isinstance(events_after[-1], pb.AlignmentSummary)


async def test_an_alignment_past_its_deadline_ends_and_the_next_call_is_served(
    store: Store, tmp_path: Path, unused_tcp_port: int, long: Path, clip: Path
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        await everything(client.align_lyrics(clip, pb.AlignmentConfig(lyrics=LYRICS)))  # the model is loaded
        with pytest.raises(AntiphonClientError) as caught:
            await everything(client.align_lyrics(long, pb.AlignmentConfig(lyrics=LYRICS), timeout_seconds=0.7))
        assert caught.value.code == "DEADLINE_EXCEEDED"
        events = await everything(client.align_lyrics(clip, pb.AlignmentConfig(lyrics=LYRICS)))
        assert isinstance(events[-1], pb.AlignmentSummary)


async def test_kill_9_during_an_alignment_is_told_and_the_next_call_is_served(
    store: Store, tmp_path: Path, unused_tcp_port: int, long: Path, clip: Path
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, host):
        with pytest.raises(AntiphonClientError) as caught:
            async for event in client.align_lyrics(long, pb.AlignmentConfig(lyrics=LYRICS)):
                if getattr(event, "fraction", 0.0) > 0.0:
                    for pid in host.pool.pids:
                        psutil.Process(pid).kill()
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        events = await everything(client.align_lyrics(clip, pb.AlignmentConfig(lyrics=LYRICS)))
        assert isinstance(events[-1], pb.AlignmentSummary)


def spoken(line: renderers.Line) -> str:
    """What a line says, without the speaker whom formats without a place for one have in front of it."""
    return line.text.removeprefix("speaker 1: ")


async def test_every_format_is_written_over_the_api_and_read_again(
    store: Store, tmp_path: Path, unused_tcp_port: int, clip: Path
) -> None:
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        segments = of(await everything(client.transcribe(clip, pb.TranscriptionConfig())), pb.Segment)
        for segment in segments:
            segment.speaker = "speaker 1"  # without one, a format of speakers is refused
        transcript = pb.Transcript(segments=segments)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}") as channel:
            stub = pb_grpc.SpeechServiceStub(channel)
            for name, form in renderers.FORMATS.items():
                request = pb.RenderTranscriptRequest(transcript=transcript, format=form.number)
                answer = await stub.RenderTranscript(request)
                assert answer.text == renderers.render(name, transcript)
                assert (answer.file_extension, answer.media_type) == (form.extension, form.media_type)
                lines = [line for line in renderers.parse(name, answer.text) if line.text]
                assert (
                    recordings.word_errors(" ".join(s.text for s in segments), " ".join(spoken(x) for x in lines)) == 0
                )
            for request, reason in (
                (pb.RenderTranscriptRequest(transcript=transcript), "RENDER_FORMAT"),
                (pb.RenderTranscriptRequest(format=pb.RENDER_FORMAT_SRT), "RENDER_SOURCE"),
                (
                    pb.RenderTranscriptRequest(
                        transcript=transcript,
                        format=pb.RENDER_FORMAT_LRC,
                        line_breaking=pb.LINE_BREAKING_SINGING,
                        max_line_characters=1,
                    ),
                    "MAX_LINE_CHARACTERS",
                ),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await stub.RenderTranscript(request)
                assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
                assert reason.encode() in dict(caught.value.trailing_metadata())["grpc-status-details-bin"]


async def test_the_models_are_named_with_what_installs_them(store: Store, tmp_path: Path, unused_tcp_port: int) -> None:
    async with (
        serving(store, tmp_path, unused_tcp_port),
        grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}") as channel,
    ):
        answer = await pb_grpc.SpeechServiceStub(channel).ListModels(pb.ListModelsRequest())
    models = {model.identity.name: model for model in answer.models}
    assert models[TINY].installed
    assert models[TINY].engine == "faster-whisper"
    large = models["whisper-large-v3"]
    assert large.install_command == "antiphon models pull whisper-large-v3"
    assert large.download_bytes > 3_000_000_000
    assert large.identity.license_spdx == "MIT"
    # What a conversion will give is not known before it ran; the detector beside it is pinned.
    if not store.installed("whisper-large-v3.openai"):
        assert set(models["whisper-large-v3.openai"].identity.weights_sha256) == {"silero_vad_v6.onnx"}


async def test_telephone_pcm_is_read_by_its_format(store: Store, tmp_path: Path, unused_tcp_port: int) -> None:
    samples = recordings.line("0880")[::2]  # 8 kHz; read speech has little above 4 kHz
    format_ = audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=8_000, channel_count=1
    )
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        data = (samples * 32767).astype("<i2").tobytes()
        events = await everything(client.transcribe(data, pb.TranscriptionConfig(audio_format=format_)))
    text = " ".join(segment.text for segment in of(events, pb.Segment))
    assert recordings.word_errors(recordings.LINES["0880"], text) <= 2
    assert events[-1].source.sample_rate_hertz == 8_000


async def test_words_of_a_film_are_on_its_time_line_and_of_its_default_track(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    """Its sound starts 2 s in, nothing was recorded for 3 s between the sentences, and the first track is silent."""
    sentence, second = recordings.line("0880"), recordings.SAMPLE_RATE
    pause = len(sentence) / second + 0.3
    spoken = np.concatenate([sentence, np.zeros(4 * second, np.float32), sentence])

    def moved(at: float) -> float | None:
        return None if pause <= at < pause + 3 else at + 2

    tracks = [
        Sound(np.zeros((1, second), np.float32), rate=second, metadata={"title": "microphone"}),
        Sound(spoken[None], rate=second, moved=moved, default=True),
    ]
    film = muxed("matroska", tracks, picture_seconds=30)
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        events = await everything(client.transcribe(film, pb.TranscriptionConfig(model=TINY)))
        silent = audio_pb2.AudioFormat(track=0)
        other = await everything(client.transcribe(film, pb.TranscriptionConfig(model=TINY, audio_format=silent)))
        with pytest.raises(AntiphonClientError) as caught:
            missing = audio_pb2.AudioFormat(track=2)
            await everything(client.transcribe(film, pb.TranscriptionConfig(model=TINY, audio_format=missing)))
    summary = events[-1]
    words = [word for segment in of(events, pb.Segment) for word in segment.words]
    starts = [word.start_offset.ToNanoseconds() / 1e9 for word in words]
    again = 2 + len(sentence) / second + 4
    # The model's own word times are good to half a second.
    assert starts[0] == pytest.approx(2.0, abs=0.6)
    assert min(start for start in starts if start > again - 1) == pytest.approx(again, abs=0.6)
    assert not [start for start in starts if 2 + len(sentence) / second + 0.5 < start < again - 0.6]
    source = summary.source
    assert (source.track, source.track_count, source.hole_count) == (1, 2, 1)
    assert source.late_start.ToNanoseconds() / 1e9 == pytest.approx(2.0, abs=0.002)
    # FLAC's packets at 16 kHz are 96 to 288 ms long: the hole begins and ends with one.
    assert source.holes[0].start_offset.ToNanoseconds() / 1e9 == pytest.approx(2 + pause, abs=0.3)
    assert source.hole_duration.ToNanoseconds() / 1e9 == pytest.approx(3.0, abs=0.3)
    assert source.duration.ToNanoseconds() / 1e9 == pytest.approx(2 + len(spoken) / second, abs=0.01)
    reasons = [warning.reason for warning in summary.warnings]
    assert "AUDIO_TRACKS" in reasons
    assert "AUDIO_TRUNCATED" not in reasons
    assert other[-1].source.track == 0
    assert "NO_SPEECH" in [warning.reason for warning in other[-1].warnings]
    assert caught.value.reason == "AUDIO_TRACK"


async def test_speakers_are_told_apart_and_named_by_the_model_that_did(
    store: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    if not store.installed(speakers.MODEL):
        pytest.skip(f"{speakers.MODEL} is not installed in {store.root}: antiphon models pull {speakers.MODEL}")
    said = dialogues.synthetic(tmp_path, ("en-us+m1", "en-us+f2"))
    made = dialogues.dialogue(said, 6, (0.4, 0.8), seed=2)
    path = recordings.write_wav(tmp_path / "talk.wav", made.samples)
    config = pb.TranscriptionConfig(model=TINY, diarize=True)
    async with serving(store, tmp_path, unused_tcp_port) as (client, _):
        events = await everything(client.transcribe(path, config))
        plain = of(await everything(client.transcribe(path, pb.TranscriptionConfig(model=TINY))), pb.Segment)
    segments, summary = of(events, pb.Segment), events[-1]
    steps = [event.step for event in of(events, evidence_pb2.Progress)]
    assert "telling speakers apart" in steps
    fractions = [event.fraction for event in of(events, evidence_pb2.Progress) if event.HasField("fraction")]
    assert fractions == sorted(fractions)
    # Labels are in the order of appearance, and this dialogue's two voices take turns.
    names = {
        turn.speaker: f"speaker {at}" for at, turn in enumerate({each.speaker: each for each in made.turns}.values(), 1)
    }
    for segment in segments:
        assert {word.speaker for word in segment.words} == {segment.speaker}
        middle = (segment.start_offset.ToMilliseconds() + segment.end_offset.ToMilliseconds()) / 2000
        inside = [turn for turn in made.turns if turn.start <= middle <= turn.end]
        assert all(names[turn.speaker] == segment.speaker for turn in inside)
    assert [each.label for each in summary.speakers] == ["speaker 1", "speaker 2"]
    assert all(each.speech_duration.ToMilliseconds() > 4000 for each in summary.speakers)
    assert summary.speaker_model.name == speakers.MODEL
    assert dict(summary.provenance.parameters)["diarize"] == "true"
    assert " ".join(each.text for each in segments) == " ".join(each.text for each in plain)
    assert not any(each.speaker for each in plain)


async def test_a_network_that_is_not_installed_is_named_before_the_upload(
    store: Store, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "MODEL", "whisper-large-v3")
    config = pb.TranscriptionConfig(model=TINY, diarize=True)

    async def requests() -> AsyncGenerator[pb.TranscribeRequest, None]:
        yield pb.TranscribeRequest(config=config)
        await asyncio.sleep(30)

    async with (
        serving(store, tmp_path, unused_tcp_port),
        grpc.aio.insecure_channel(f"127.0.0.1:{unused_tcp_port}") as channel,
    ):
        call = pb_grpc.SpeechServiceStub(channel).Transcribe(requests(), timeout=20)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    error = status.from_status(status.from_rpc_error(caught.value))
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "MODEL_NOT_INSTALLED")
