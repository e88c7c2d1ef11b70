"""The generation job from a request to encoded pieces, on tiny random weights."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.audio import RawPcm, Source
from chassis.encodings import Encoding
from chassis.models import Store
from chassis.reports import ProgressReport
from services.generation.contract import (
    CONTINUATION,
    MAX_BLOCK_BYTES,
    MELODY,
    GenerationRequest,
    Header,
    PieceBlock,
    Summary,
)
from services.generation.contract import Event as Told
from services.generation.engines.musicgen.engine import MusicGen
from services.generation.job import Jobs
from services.generation.settings import GenerationSettings
from tests.fixtures.pipe import passed

REQUEST = GenerationRequest(prompts=("warm piano",), seconds=1.0, seed=3, encoding=Encoding("pcm_f32le"))


@dataclass
class ScriptedTask:
    """A task as the worker hands it over, with a checkpoint of the test's choosing."""

    source: Source | None = None
    stop: Callable[[], None] = lambda: None

    def checkpoint(self) -> None:
        self.stop()


MakeClip = Callable[..., ScriptedTask]


@pytest.fixture(scope="module")
def jobs(tiny_store: Store, settings: GenerationSettings) -> Jobs:
    return Jobs(settings, tiny_store)


@pytest.fixture
def clip(tmp_path: Path) -> MakeClip:
    """Makes a task of samples ``(channels, n)``."""

    def make(samples: np.ndarray, rate: int = 32_000) -> ScriptedTask:
        path = tmp_path / "clip.f32"
        path.write_bytes(samples.T.astype("<f4").tobytes())
        return ScriptedTask(Source(path, raw=RawPcm("f32le", rate, samples.shape[0])))

    return make


def bytes_of(events: list[Any], piece: int = 0) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, PieceBlock) and event.piece == piece)


def refusal(jobs: Jobs, task: ScriptedTask | None = None, **changes: Any) -> AntiphonError:
    with pytest.raises(AntiphonError) as caught:
        list(jobs.generate(task or ScriptedTask(), replace(REQUEST, **changes)))
    return caught.value


def test_a_header_comes_before_the_audio_and_a_summary_once_and_last(jobs: Jobs) -> None:
    events = list(jobs.generate(ScriptedTask(), REQUEST))
    kinds = [type(event) for event in events if not isinstance(event, ProgressReport)]
    assert kinds[0] is Header
    assert kinds[-1] is Summary
    assert set(kinds[1:-1]) == {PieceBlock}
    header = next(event for event in events if isinstance(event, Header))
    assert header == Header(None, "tiny-mono", (3,), "pcm_f32le", 32_000, 1, 32_000)
    assert all(passed(event, Told) == event for event in events)


def test_a_model_that_gives_no_numbers_is_told_as_such(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = MusicGen.generate

    def damaged(self: MusicGen, *given: Any) -> Any:
        for block in generate(self, *given):
            yield replace(block, samples=block.samples * np.float32(np.inf) * 0)

    monkeypatch.setattr(MusicGen, "generate", damaged)
    with np.errstate(invalid="ignore"):
        error = refusal(jobs)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "MODEL_NOT_FINITE")


def test_the_facts_of_a_piece_are_true(jobs: Jobs) -> None:
    events = list(jobs.generate(ScriptedTask(), REQUEST))
    data = bytes_of(events)
    samples = np.frombuffer(data, "<f4")
    (piece,) = events[-1].pieces
    assert samples.size == piece.frames == 32_000
    assert (piece.piece, piece.prompt, piece.seed, piece.clip_frames) == (0, "warm piano", 3, 0)
    assert (piece.byte_count, piece.sha256) == (len(data), hashlib.sha256(data).digest())
    assert piece.peak == np.abs(samples).max()
    assert piece.rms_dbfs == pytest.approx(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))), abs=1e-9)
    assert (piece.sample_rate, piece.channels, piece.encoding, piece.clipped) == (32_000, 1, "pcm_f32le", 0)
    assert events[-1].source is None


def test_the_work_says_what_made_it(jobs: Jobs) -> None:
    work = list(jobs.generate(ScriptedTask(), replace(REQUEST, sampling={"top_k": 9})))[-1].work
    assert (work.engine, work.device, work.precision, work.seed) == ("musicgen", "cpu", "float32", 3)
    assert work.model.name == "tiny-mono"
    assert "model.safetensors" in work.model.weights_sha256
    assert work.parameters["top_k"] == "9"
    assert {"guidance_scale", "temperature", "top_p", "duration", "window_seconds"} <= set(work.parameters)
    assert {"torch", "transformers"} <= set(work.library_versions)


def test_progress_counts_generated_seconds(jobs: Jobs) -> None:
    seen = [
        event
        for event in jobs.generate(ScriptedTask(), REQUEST)
        if isinstance(event, ProgressReport) and not event.loading
    ]
    seconds = [event.audio_seconds for event in seen]
    assert (seconds[0], seconds[-1]) == (0.0, 1.0)
    assert seconds == sorted(seconds)
    assert len(set(seconds)) > 8
    assert all(event.fraction == pytest.approx(event.audio_seconds) for event in seen)


def test_a_seed_is_drawn_and_told_and_makes_the_same_again(jobs: Jobs) -> None:
    drawn = list(jobs.generate(ScriptedTask(), replace(REQUEST, seed=None)))
    (seed,) = next(event for event in drawn if isinstance(event, Header)).seeds
    assert drawn[-1].pieces[0].seed == seed
    assert bytes_of(drawn) == bytes_of(list(jobs.generate(ScriptedTask(), replace(REQUEST, seed=seed))))
    other = list(jobs.generate(ScriptedTask(), replace(REQUEST, seed=None)))
    assert bytes_of(other) != bytes_of(drawn)


def test_every_prompt_gets_its_pieces_with_seeds_of_their_own(jobs: Jobs) -> None:
    request = replace(REQUEST, prompts=("warm piano", "calm guitar"), pieces_per_prompt=2, seconds=0.5)
    events = list(jobs.generate(ScriptedTask(), request))
    pieces = events[-1].pieces
    assert [piece.prompt for piece in pieces] == ["warm piano"] * 2 + ["calm guitar"] * 2
    assert [piece.seed for piece in pieces] == [3, 4, 5, 6]
    assert len({bytes_of(events, piece) for piece in range(4)}) == 4
    for piece in range(4):
        blocks = [event for event in events if isinstance(event, PieceBlock) and event.piece == piece]
        assert [block.last for block in blocks] == [False] * (len(blocks) - 1) + [True]
        assert all(len(block.data) <= MAX_BLOCK_BYTES for block in blocks)


def test_the_seeds_go_round_at_the_end_of_their_range(jobs: Jobs) -> None:
    request = replace(REQUEST, pieces_per_prompt=2, seconds=0.2, seed=(1 << 63) - 1)
    assert [piece.seed for piece in list(jobs.generate(ScriptedTask(), request))[-1].pieces] == [(1 << 63) - 1, 0]


@pytest.mark.parametrize("encoding", ["wav", "flac", "mp3", "opus", "vorbis", "pcm_s16le"])
@pytest.mark.parametrize("rate", [None, 44_100])
def test_a_piece_comes_in_the_encoding_and_rate_asked_for(
    jobs: Jobs, encoding: str, rate: int | None, tmp_path: Path
) -> None:
    events = list(jobs.generate(ScriptedTask(), replace(REQUEST, encoding=Encoding(encoding), sample_rate=rate)))
    (piece,) = events[-1].pieces
    header = next(event for event in events if isinstance(event, Header))
    assert piece.sample_rate == header.sample_rate == (rate or 32_000)
    assert piece.frames == header.frames == (rate or 32_000)
    assert len(bytes_of(events)) == piece.byte_count > 1_000
    if encoding in ("wav", "flac"):
        (tmp_path / "piece").write_bytes(bytes_of(events))
        read = Source(tmp_path / "piece").read()
        assert (read.sample_rate, read.samples.shape) == (piece.sample_rate, (1, piece.frames))


def test_a_continuation_begins_where_the_clip_ends(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    request = replace(REQUEST, audio_role=CONTINUATION)
    new = list(jobs.generate(clip(scale[None]), request))
    whole = list(jobs.generate(clip(scale[None]), replace(request, include_clip=True)))
    # Of the clip's 4 s the last 1.5 s are heard: the settings' context.
    assert whole[-1].pieces[0].clip_frames == 48_000
    assert whole[-1].pieces[0].frames == 80_000
    assert bytes_of(whole)[4 * 48_000 :] == bytes_of(new)
    assert new[-1].pieces[0].clip_frames == 0
    assert new[-1].source.frames == scale.size
    assert new[-1].source.pcm_sha256 is not None
    assert bytes_of(new) != bytes_of(list(jobs.generate(ScriptedTask(), REQUEST)))


def test_only_the_end_of_a_clip_is_heard(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    request = replace(REQUEST, audio_role=CONTINUATION)
    cut = scale[-48_000:]
    assert bytes_of(list(jobs.generate(clip(scale[None]), request))) == bytes_of(
        list(jobs.generate(clip(cut[None]), request))
    )


def test_a_stereo_model_hears_both_sides_of_a_clip(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    request = replace(REQUEST, model="tiny-stereo", audio_role=CONTINUATION)
    one = list(jobs.generate(clip(np.stack([scale, scale])), request))
    other = list(jobs.generate(clip(np.stack([scale, scale[::-1]])), request))
    assert one[-1].pieces[0].channels == 2
    assert bytes_of(one) != bytes_of(other)


def test_a_melody_is_followed_whatever_its_rate(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    request = replace(REQUEST, model="tiny-melody", audio_role=MELODY)
    followed = list(jobs.generate(clip(scale[None]), request))
    other = list(jobs.generate(clip(scale[None, ::-1]), request))
    assert bytes_of(followed) != bytes_of(other)
    assert bytes_of(followed) != bytes_of(list(jobs.generate(ScriptedTask(), replace(REQUEST, model="tiny-melody"))))
    # Read as 16 kHz the tune is an octave lower: the same pitch classes at half the speed, another tune.
    slow = list(jobs.generate(clip(scale[None], rate=16_000), request))
    assert bytes_of(slow) != bytes_of(followed)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"prompts": ("warm " * 300,)}, "PROMPT_TOO_LONG", "config.prompts[0]"),
        ({"prompts": ("x" * 20_000,)}, "PROMPT_TOO_LONG", "config.prompts[0]"),
        ({"negative_prompt": "warm " * 300}, "PROMPT_TOO_LONG", "config.negative_prompt"),
        ({"seconds": 0.0}, "DURATION_OUT_OF_RANGE", "config.duration"),
        ({"model": "nobody"}, "UNKNOWN_MODEL", "config.model"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_by_name(
    jobs: Jobs, changes: dict[str, Any], reason: str, field: str
) -> None:
    error = refusal(jobs, **changes)
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", reason, field)


@pytest.mark.parametrize(
    ("model", "reason"),
    [("absent", "MODEL_NOT_INSTALLED"), ("other", "ENGINE_NOT_SERVED"), ("elsewhere", "ENGINE_NOT_SERVED")],
)
def test_a_model_that_cannot_be_used_is_refused_by_name(jobs: Jobs, model: str, reason: str) -> None:
    error = refusal(jobs, model=model)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", reason)


def test_weights_that_may_not_be_sold_with_are_refused_under_the_commercial_policy(
    tiny_store: Store, settings: GenerationSettings
) -> None:
    strict = Store(tiny_store.root, tiny_store.manifest, "commercial")
    error = refusal(Jobs(settings, strict), model="noncommercial")
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "LICENCE_REFUSED")
    assert error.metadata["license_spdx"] == "CC-BY-NC-4.0"
    made = list(
        Jobs(settings, tiny_store).generate(ScriptedTask(), replace(REQUEST, model="noncommercial", seconds=0.2))
    )
    assert made[-1].work.model.commercial_use is False


def test_a_service_whose_default_is_refused_starts_and_says_so(tiny_store: Store, settings: GenerationSettings) -> None:
    strict = Store(tiny_store.root, tiny_store.manifest, "commercial")
    refused = replace(settings, default_model="noncommercial")
    assert Jobs(refused, strict).warm() == "noncommercial is refused by the licence policy"
    assert Jobs(settings, strict).warm() == "tiny-mono on cpu"
    assert Jobs(replace(settings, default_model="absent"), strict).warm() == "absent is not installed"


def test_a_service_without_any_model_starts_and_says_how_to_bring_one_in(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "generation" / "models.toml"
    path.parent.mkdir()
    path.write_text("models = []")
    store = Store(tmp_path, path)
    bare = Jobs(GenerationSettings(device="cpu"), store)
    assert bare.warm() == "no manifest names a default model of the engine musicgen"
    error = refusal(bare)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "NO_DEFAULT_MODEL")
    assert "GENERATION_MODELS_EXTRA" in error.message
    assert refusal(bare, model="musicgen-small").reason == "UNKNOWN_MODEL"
    named = Jobs(GenerationSettings(device="cpu", default_model="musicgen-small"), store)
    assert named.warm() == "musicgen-small is in no manifest"
    assert "musicgen-small, is in no manifest" in refusal(named).message


def test_a_call_without_a_model_gets_the_one_that_the_manifest_marks(
    tiny_store: Store, settings: GenerationSettings
) -> None:
    marked = tuple(replace(row, default=row.name == "tiny-stereo") for row in tiny_store.manifest.models)
    store = Store(tiny_store.root, replace(tiny_store.manifest, models=marked), "any")
    jobs = Jobs(replace(settings, default_model=""), store)
    assert jobs.warm() == "tiny-stereo on cpu"
    assert (
        list(jobs.generate(ScriptedTask(), replace(REQUEST, model="", seconds=0.2)))[-1].work.model.name
        == "tiny-stereo"
    )


def test_a_model_without_a_tune_refuses_a_melody(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    error = refusal(jobs, clip(scale[None]), audio_role=MELODY)
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", "MELODY_UNSUPPORTED", "config.audio_role")


def test_a_clip_too_short_to_continue_is_refused(jobs: Jobs, clip: MakeClip, scale: np.ndarray) -> None:
    error = refusal(jobs, clip(scale[None, :3_000]), audio_role=CONTINUATION)
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "CLIP_TOO_SHORT")


def test_a_clip_without_samples_is_refused_and_the_shortest_tune_is_followed(
    jobs: Jobs, clip: MakeClip, scale: np.ndarray
) -> None:
    for role, model in ((CONTINUATION, "tiny-mono"), (MELODY, "tiny-melody")):
        error = refusal(jobs, clip(scale[None, :0]), audio_role=role, model=model)
        assert (error.code, error.reason) == ("INVALID_ARGUMENT", "AUDIO_EMPTY")
    request = replace(REQUEST, model="tiny-melody", audio_role=MELODY)
    ten_milliseconds = list(jobs.generate(clip(scale[None, :320]), request))
    assert ten_milliseconds[-1].pieces[0].frames == 32_000


def test_what_does_not_fit_the_prompts_limit_is_refused_as_the_model_counts_it(
    tiny_store: Store, settings: GenerationSettings
) -> None:
    few = Jobs(replace(settings, max_prompt_tokens=5), tiny_store)
    error = refusal(few, prompts=("warm piano ballad with calm guitar",))
    assert (error.reason, error.field) == ("PROMPT_TOO_LONG", "config.prompts[0]")
    assert error.metadata["most"] == "5"


def test_a_clip_that_is_no_audio_is_refused_before_a_model_is_loaded(
    tiny_store: Store, settings: GenerationSettings, tmp_path: Path
) -> None:
    (tmp_path / "clip").write_bytes(b"no audio" * 1000)
    fresh = Jobs(settings, tiny_store)
    error = refusal(fresh, ScriptedTask(Source(tmp_path / "clip")), audio_role=CONTINUATION)
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "AUDIO_UNDECODABLE")
    assert not fresh._loader.holds("tiny-mono")


def test_a_cancel_ends_the_job(jobs: Jobs) -> None:
    steps = 0

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(jobs.generate(ScriptedTask(stop=stop), REQUEST))
    assert steps == 20


def test_the_next_request_finds_the_model_loaded(tiny_store: Store, settings: GenerationSettings) -> None:
    fresh = Jobs(settings, tiny_store)

    def loads(model: str) -> int:
        events = fresh.generate(ScriptedTask(), replace(REQUEST, model=model, seconds=0.2))
        return sum(isinstance(event, ProgressReport) and event.loading for event in events)

    assert [loads("tiny-mono"), loads("tiny-mono"), loads("tiny-stereo"), loads("tiny-mono")] == [1, 0, 1, 1]


def test_nothing_but_the_engine_brings_its_library_in(root: Path) -> None:
    code = "import sys, services.generation.job, services.generation.service; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
