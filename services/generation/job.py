"""Generates in the worker process: checks the request, reads the clip, makes the pieces, encodes them as they grow."""

from __future__ import annotations

import importlib
import importlib.metadata
import secrets
from collections.abc import Iterator
from dataclasses import asdict, replace

import numpy as np

from antiphon_wire.errors import invalid, not_ready
from chassis.audio import Source, Track
from chassis.models import Store
from chassis.reports import ProgressFacts, WorkFacts
from services.generation.contract import (
    CONTINUATION,
    MAX_BLOCK_BYTES,
    MELODY,
    GenerationRequest,
    Generator,
    Header,
    Order,
    PieceBlock,
    PieceFacts,
    Sampling,
    Summary,
    Task,
)
from services.generation.engines import ENGINES
from services.generation.settings import GenerationSettings

MAX_PROMPT_CHARACTERS = 10_000
SEEDS = 1 << 63
_STEP = "generating"
_READING_LIBRARIES = ("av", "soxr")
"""Distributions that decode and resample a clip, and resample the pieces, and so can change the numbers."""

Event = ProgressFacts | Header | PieceBlock | Summary


class Jobs:
    """What the worker of the generation service can do; keeps one model loaded."""

    def __init__(self, settings: GenerationSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._loaded: tuple[str, Generator] | None = None

    def warm(self) -> str:
        """Loads the default model where it is installed and allowed, and says what was loaded, or why nothing was."""
        name = self._default()
        if not name:
            return f"no manifest names a default model of the engine {self._settings.engine}"
        if not self._known(name):
            return f"{name} is in no manifest"
        if not self._models.installed(name):
            return f"{name} is not installed"
        if not self._models.allowed(name):
            return f"{name} is refused by the licence policy"
        return f"{name} on {self._generator(name).device}"

    def generate(self, task: Task, request: GenerationRequest) -> Iterator[Event]:
        """Makes every piece of the request.

        Yields a ProgressFacts with ``loading`` where a model must be loaded; a Header; then PieceBlocks of all pieces
        as they grow, and ProgressFacts that count the new audio of a piece; last a Summary.

        Raises:
            AntiphonError: INVALID_ARGUMENT: ``PROMPT_EMPTY``, ``PROMPT_TOO_LONG``, ``NEGATIVE_PROMPT``,
                ``TOO_MANY_PIECES``, ``DURATION_OUT_OF_RANGE``, ``TOTAL_DURATION``, ``SAMPLING_OUT_OF_RANGE``,
                ``SEED_OUT_OF_RANGE``, ``SAMPLE_RATE_OUT_OF_RANGE``, ``AUDIO_UNEXPECTED``, ``MELODY_UNSUPPORTED``,
                ``CLIP_TOO_SHORT``, or what is wrong with the clip; FAILED_PRECONDITION: no model, not installed,
                refused, or cannot be loaded; RESOURCE_EXHAUSTED: ``WORKER_OUT_OF_MEMORY``.
        """
        prompts = self._check(request)
        name = request.model or self._default()
        if not request.model and not self._known(name):
            missing = f"the default model of this service, {name}, is in no manifest"
            raise not_ready(
                "NO_MODEL",
                f"{missing if name else 'this service has no default model'}; bring one in (tools/model_row.py "
                "--default, GENERATION_MODELS_EXTRA), name it in GENERATION_DEFAULT_MODEL or in the request",
                model=name,
            )
        self._engine(name)
        self._models.require(name)
        source = task.source
        if source is not None and not request.audio_role:
            message = "audio was uploaded, but the config says nothing of it; name its role, or send the config alone"
            raise invalid("AUDIO_UNEXPECTED", message, field="config.audio_role")
        if source is not None:
            _ = source.facts  # a file that nothing can read is refused before a model is loaded for it
        if self._loaded is None or self._loaded[0] != name:
            yield ProgressFacts(step=name, loading=True)
        generator = self._generator(name)
        self._check_texts(generator, request)
        if generator.longest_seconds is not None:
            most = generator.longest_seconds
            _within("config.duration", "DURATION_OUT_OF_RANGE", request.seconds, 0.2, most, f"s of {name}")
        clip = None if source is None else self._clip(generator, name, request, source)
        first = secrets.randbelow(1 << 31) if request.seed is None else request.seed
        seeds = tuple((first + piece) % SEEDS for piece in range(len(prompts)))
        order = Order(
            prompts=prompts,
            seeds=seeds,
            seconds=request.seconds,
            sampling=replace(generator.sampling, **request.sampling),  # type: ignore[arg-type]
            negative_prompt=request.negative_prompt,
            continuation=clip if request.audio_role == CONTINUATION else None,
            melody=clip if request.audio_role == MELODY else None,
            include_clip=request.include_clip and request.audio_role == CONTINUATION,
        )
        yield from self._make(task, name, generator, request, order)

    def _make(
        self, task: Task, name: str, generator: Generator, request: GenerationRequest, order: Order
    ) -> Iterator[Event]:
        rate = request.sample_rate or generator.sample_rate
        heard = 0 if order.continuation is None else order.continuation.shape[1]
        frames, clip_frames = (
            round(count * rate / generator.sample_rate)
            for count in generator.frame_counts(order.seconds, heard, order.include_clip)
        )
        facts = None if task.source is None else task.source.facts
        yield Header(facts, name, order.seeds, request.encoding, rate, generator.channels, frames)
        tracks = [
            Track(request.encoding, generator.sample_rate, rate, generator.channels, MAX_BLOCK_BYTES)
            for _ in order.prompts
        ]
        yield ProgressFacts(0.0, 0.0, _STEP)
        done = 0.0
        for block in generator.generate(order, task.checkpoint):
            for piece, (track, samples) in enumerate(zip(tracks, block.samples, strict=True)):
                yield from (PieceBlock(piece, *part) for part in track.add(samples))
            if block.seconds > done:
                done = block.seconds
                yield ProgressFacts(min(done / order.seconds, 1.0), done, _STEP)
        for piece, track in enumerate(tracks):
            yield from (PieceBlock(piece, *part) for part in track.finish())
        yield ProgressFacts(1.0, done, _STEP)
        completed = None if task.source is None else task.source.complete()
        pieces = tuple(
            PieceFacts(
                piece=piece,
                prompt=order.prompts[piece],
                seed=order.seeds[piece],
                frames=track.frames,
                clip_frames=clip_frames,
                sample_rate=track.sample_rate,
                channels=track.channels,
                encoding=track.encoding,
                byte_count=track.byte_count,
                sha256=track.sha256,
                peak=track.peak,
                rms_dbfs=track.rms_dbfs,
                clipped=track.clipped,
            )
            for piece, track in enumerate(tracks)
        )
        warnings = () if task.source is None else tuple(task.source.warnings)
        yield Summary(completed, pieces, self._work(name, generator, request, order, rate), warnings)

    def _check(self, request: GenerationRequest) -> tuple[str, ...]:
        """Refuses what no model can do; returns the prompt of each piece."""
        limits, wanted = self._settings, replace(Sampling(), **request.sampling)  # type: ignore[arg-type]
        for index, prompt in enumerate(request.prompts):
            if not prompt.strip():
                message = "the prompt is empty; describe the music, or give no prompts at all"
                raise invalid("PROMPT_EMPTY", message, field=f"config.prompts[{index}]")
        if request.negative_prompt and (not request.prompts or wanted.guidance_scale <= 1):
            message = "a negative prompt works against a prompt, through guidance; give a prompt and a scale above 1"
            raise invalid("NEGATIVE_PROMPT", message, field="config.negative_prompt", scale=wanted.guidance_scale)
        _within("config.pieces_per_prompt", "TOO_MANY_PIECES", request.pieces_per_prompt, 1, limits.max_pieces)
        prompts = tuple(each for each in request.prompts or ("",) for _ in range(request.pieces_per_prompt))
        _within("config.prompts", "TOO_MANY_PIECES", len(prompts), 1, limits.max_pieces, "pieces")
        _within("config.duration", "DURATION_OUT_OF_RANGE", request.seconds, 0.2, limits.max_seconds, "s")
        total = request.seconds * len(prompts)
        _within("config.duration", "TOTAL_DURATION", total, 0.2, limits.max_total_seconds, "s in all pieces together")
        for name, low, high in (("temperature", 0, 4), ("top_k", 0, 1 << 16), ("guidance_scale", 1, 20)):
            _within(f"config.{name}", "SAMPLING_OUT_OF_RANGE", getattr(wanted, name), low, high)
        if not 0 < wanted.top_p <= 1:
            message = f"top_p is {wanted.top_p:g}; give more than 0 and at most 1"
            raise invalid("SAMPLING_OUT_OF_RANGE", message, field="config.top_p", value=wanted.top_p)
        if request.seed is not None:
            _within("config.seed", "SEED_OUT_OF_RANGE", request.seed, 0, SEEDS - 1)
        if request.sample_rate is not None:
            field = "config.sample_rate_hertz"
            _within(field, "SAMPLE_RATE_OUT_OF_RANGE", request.sample_rate, 8_000, 192_000, "Hz")
        return prompts

    def _check_texts(self, generator: Generator, request: GenerationRequest) -> None:
        texts = [(f"config.prompts[{index}]", text) for index, text in enumerate(request.prompts)]
        for field, text in [*texts, ("config.negative_prompt", request.negative_prompt)]:
            # A text of millions of characters is not worth counting the tokens of.
            if len(text) > MAX_PROMPT_CHARACTERS:
                _within(field, "PROMPT_TOO_LONG", len(text), 0, MAX_PROMPT_CHARACTERS, "characters")
            if text:
                most = self._settings.max_prompt_tokens
                _within(field, "PROMPT_TOO_LONG", generator.token_count(text), 0, most, "tokens")

    def _clip(self, generator: Generator, name: str, request: GenerationRequest, source: Source) -> np.ndarray:
        """The part of the clip that will be heard, float32 ``(channels, n)`` at the model's rate."""
        rate = generator.sample_rate
        if request.audio_role == MELODY:
            if not generator.follows_melody:
                raise invalid(
                    "MELODY_UNSUPPORTED",
                    f"model {name} follows no melody; choose a melody model, such as musicgen-melody",
                    field="config.audio_role",
                    model=name,
                )
            return _beginning(source, rate, generator.channels, round(request.seconds * rate))
        clip = _end(source, rate, generator.channels, round(self._settings.context_seconds * rate))
        if clip.shape[1] < generator.min_clip_seconds * rate:
            seconds = clip.shape[1] / rate
            raise invalid(
                "CLIP_TOO_SHORT",
                f"the clip to continue lasts {seconds:.3f} s; give at least {generator.min_clip_seconds:g} s",
                field="chunk",
                seconds=f"{seconds:.3f}",
                least=generator.min_clip_seconds,
            )
        return clip

    def _default(self) -> str:
        """Name of the model for requests that name none; empty where there is none."""
        marked = self._models.manifest.default(self._settings.engine)
        return self._settings.default_model or ("" if marked is None else marked.name)

    def _known(self, name: str) -> bool:
        return any(model.name == name for model in self._models.manifest.models)

    def _engine(self, name: str) -> type[Generator]:
        engine = self._models.manifest.model(name).engine
        if engine != self._settings.engine:
            raise not_ready(
                "ENGINE_NOT_SERVED",
                f"model {name} is for engine {engine}; this service runs {self._settings.engine} (GENERATION_ENGINE)",
                model=name,
                engine=engine,
                served=self._settings.engine,
            )
        module, _, cls = ENGINES[engine].partition(":")
        found: type[Generator] = getattr(importlib.import_module(module), cls)
        return found

    def _generator(self, name: str) -> Generator:
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # the old weights go before the new ones come
            self._loaded = name, self._engine(name).load(self._models.require(name), self._settings)
        return self._loaded[1]

    def _work(self, name: str, generator: Generator, request: GenerationRequest, order: Order, rate: int) -> WorkFacts:
        return WorkFacts(
            engine=self._settings.engine,
            model=self._models.require(name).facts(),
            device=generator.device,
            precision=generator.precision,
            library_versions={
                **{library: importlib.metadata.version(library) for library in _READING_LIBRARIES},
                **generator.library_versions,
            },
            parameters={
                **generator.parameters,
                **{key: f"{value:g}" for key, value in asdict(order.sampling).items()},
                "audio_role": request.audio_role,
                "duration": f"{order.seconds:g}",
                "encoding": request.encoding,
                "include_clip": str(order.include_clip).lower(),
                "model": name,
                "negative_prompt": order.negative_prompt,
                "pieces": str(len(order.prompts)),
                "sample_rate": str(rate),
                "thread_count": str(self._settings.thread_count),
            },
            seed=order.seeds[0],
        )


def _within(field: str, reason: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:  # written so that NaN is refused too
        name, unit = field.removeprefix("config."), f" {unit}" if unit else ""
        message = f"{name} is {value:.15g}{unit}; give {low:.15g} to {high:.15g}"
        raise invalid(reason, message, field=field, value=f"{value:.15g}", least=low, most=high)


def _beginning(source: Source, rate: int, channels: int, most: int) -> np.ndarray:
    parts, count = [], 0
    for block in source.blocks(rate, channels):
        parts.append(block)
        count += block.shape[1]
        if count >= most:
            break
    return np.concatenate(parts, 1)[:, :most]


def _end(source: Source, rate: int, channels: int, most: int) -> np.ndarray:
    """The last samples, read in memory that does not grow with the clip."""
    tail = np.zeros((channels, 0), np.float32)
    for block in source.blocks(rate, channels):
        tail = np.concatenate([tail, block], 1)[:, -most:]
    return tail
