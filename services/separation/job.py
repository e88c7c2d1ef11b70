"""Separates one clip in the worker process: decode, split, encode, block by block."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import math
from collections.abc import Iterable, Iterator

import numpy as np

from chassis.audio import Encoder
from chassis.errors import invalid, not_ready
from chassis.facts import ProgressFacts, WorkFacts
from chassis.models import Store
from services.separation.engine import (
    MAX_BLOCK_BYTES,
    Header,
    MixLevel,
    Plan,
    SeparatedBlock,
    SeparationRequest,
    Separator,
    StemBlock,
    StemFacts,
    Summary,
    Task,
    Tuning,
)
from services.separation.engines import ENGINES
from services.separation.engines.level import LevelMeter
from services.separation.settings import SeparationSettings

_READING_LIBRARIES = ("av", "soxr")
"""Distributions that decode and resample the mix, and so can change the numbers."""


class Jobs:
    """What the worker of the separation service can do; keeps one model loaded."""

    def __init__(self, settings: SeparationSettings, models: Store) -> None:
        self._settings = settings
        self._models = models
        self._loaded: tuple[str, Separator] | None = None

    def warm(self) -> str:
        """Loads the default model where it is installed, and says what was loaded and what will compute."""
        name = self._settings.default_model
        if not self._models.installed(name):
            return f"{name} is not installed"
        return f"{name} on {self._separator(name).device}"

    def separate(
        self, task: Task, request: SeparationRequest
    ) -> Iterator[ProgressFacts | Header | StemBlock | Summary]:
        """Splits the task's clip into stems.

        Yields a Header; then, block by block as they become final, each wanted stem's StemBlocks in the Header's order
        and a ProgressFacts; last a Summary. A ProgressFacts with ``loading`` comes first where a model must be loaded.
        The clip is resampled to the model's rate and channels; a mono clip is repeated.

        Raises:
            AntiphonError: the request names a model or a stem that there is not (``UNKNOWN_MODEL``, ``UNKNOWN_STEM``),
                or a stem twice (``DUPLICATE_STEM``); the model is not installed or cannot be loaded; the audio is bad.
        """
        name = request.model or self._settings.default_model
        wanted = self._wanted_stems(name, request.stems)
        source = task.source
        _ = source.facts  # a file that nothing can read is refused before a model is loaded for it
        if self._loaded is None or self._loaded[0] != name:
            yield ProgressFacts(step=name, loading=True)
        separator = self._separator(name)
        tuning = separator.tuned(request.tuning)
        rate, channels = separator.sample_rate, separator.channels
        tracks = {stem: _Track(stem, request.encoding, rate, channels, stem in wanted) for stem in separator.stems}
        computed: set[str] = set()
        yield Header(source.facts, wanted, request.encoding, rate, channels)

        frames, expected = 0, source.seconds_hint
        level = mix_level(source.blocks(sample_rate=rate, channels=channels)) if separator.needs_level else None
        mix = source.blocks(sample_rate=rate, channels=channels)
        for block in separator.separate(mix, task.checkpoint, Plan(wanted, tuning, level)):
            frames = block.first_frame + block.frame_count
            computed |= block.stems.keys()
            yield from _encoded(tracks, block)
            fraction = min(frames / rate / expected, 1.0) if expected else None
            yield ProgressFacts(fraction, frames / rate, "separating")
        for stem in wanted:
            yield from tracks[stem].finish(frames)
        yield ProgressFacts(1.0, frames / rate, "separating")
        whole = computed == tracks.keys()
        energy = sum(track.energy for track in tracks.values()) if whole else 0.0
        facts = tuple(tracks[stem].facts(frames, energy) for stem in wanted)
        completed = source.complete()
        yield Summary(completed, facts, self._work(name, separator, request, tuning, wanted), tuple(source.warnings))

    def _wanted_stems(self, name: str, asked: tuple[str, ...]) -> tuple[str, ...]:
        known = self._engine(name).stems_of(self._models.require(name))
        for index, stem in enumerate(asked):
            path = f"config.stems[{index}]"
            if stem not in known:
                names = ", ".join(known)
                message = f"model {name} has no stem {stem!r}; it has {names}"
                raise invalid("UNKNOWN_STEM", message, field=path, stem=stem, model=name, known=names)
            if stem in asked[:index]:
                message = f"stem {stem!r} is asked for twice; name it once"
                raise invalid("DUPLICATE_STEM", message, field=path, stem=stem)
        return tuple(stem for stem in known if not asked or stem in asked)

    def _engine(self, name: str) -> type[Separator]:
        engine = self._models.manifest.model(name).engine
        if engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise not_ready(
                "ENGINE_NOT_SERVED",
                f"model {name} is for engine {engine!r}; this service has {known}",
                model=name,
                engine=engine,
                known=known,
            )
        module, _, cls = ENGINES[engine].partition(":")
        found: type[Separator] = getattr(importlib.import_module(module), cls)
        return found

    def _separator(self, name: str) -> Separator:
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # the old weights go before the new ones come
            self._loaded = name, self._engine(name).load(self._models.require(name), self._settings)
        return self._loaded[1]

    def _work(
        self, name: str, separator: Separator, request: SeparationRequest, tuning: Tuning, stems: tuple[str, ...]
    ) -> WorkFacts:
        return WorkFacts(
            engine=self._models.manifest.model(name).engine,
            model=self._models.require(name).facts(),
            device=separator.device,
            precision=separator.precision,
            library_versions={
                **{library: importlib.metadata.version(library) for library in _READING_LIBRARIES},
                **separator.library_versions,
            },
            parameters={
                **separator.parameters,
                **{option: str(value) for option, value in tuning.given().items()},
                "encoding": request.encoding,
                "model": name,
                "sample_rate": str(separator.sample_rate),
                "stems": ",".join(stems),
                "thread_count": str(self._settings.thread_count),
            },
            seed=tuning.seed if tuning.shifts else None,
        )


def mix_level(blocks: Iterable[np.ndarray]) -> MixLevel:
    """Takes the level of a mix, ``(channels, samples)`` in any blocks, in one pass and constant memory."""
    meter = LevelMeter()
    for block in blocks:
        meter.add(block)
    return meter.level


class _Track:
    """One stem while it is made: its encoder, and what is counted of it."""

    def __init__(self, stem: str, encoding: str, sample_rate: int, channels: int, wanted: bool) -> None:
        self.stem = stem
        self.energy = 0.0
        self._format = (sample_rate, channels, encoding)
        self._encoder = Encoder(encoding, sample_rate, channels) if wanted else None
        self._peak: float | None = None
        self._byte_count = 0
        self._digest = hashlib.sha256()

    def add(self, samples: np.ndarray, first_frame: int) -> Iterator[StemBlock]:
        self.energy += float(np.square(samples, dtype=np.float64).sum())
        if self._encoder is not None:
            self._peak = max(self._peak or 0.0, float(np.abs(samples).max()))
            yield from self._pieces(self._encoder.write(samples), first_frame, last=False)

    def finish(self, frames: int) -> Iterator[StemBlock]:
        if self._encoder is not None:
            yield from self._pieces(self._encoder.finish(), frames, last=True)

    def facts(self, frames: int, energy_of_all: float) -> StemFacts:
        sample_rate, channels, encoding = self._format
        assert self._encoder is not None, "only wanted stems are reported"
        return StemFacts(
            name=self.stem,
            frames=frames,
            sample_rate=sample_rate,
            channels=channels,
            encoding=encoding,
            byte_count=self._byte_count,
            sha256=self._digest.digest(),
            peak=self._peak,
            rms_dbfs=10 * math.log10(self.energy / (frames * channels)) if self.energy > 0 else None,
            energy_share=self.energy / energy_of_all if energy_of_all > 0 else None,
            clipped=self._encoder.clipped,
        )

    def _pieces(self, data: bytes, first_frame: int, *, last: bool) -> Iterator[StemBlock]:
        self._digest.update(data)
        self._byte_count += len(data)
        starts = range(0, len(data), MAX_BLOCK_BYTES) if data else range(int(last))
        for start in starts:
            piece = data[start : start + MAX_BLOCK_BYTES]
            yield StemBlock(self.stem, piece, first_frame, last and start + MAX_BLOCK_BYTES >= len(data))


def _encoded(tracks: dict[str, _Track], block: SeparatedBlock) -> Iterator[StemBlock]:
    for stem, samples in block.stems.items():
        yield from tracks[stem].add(samples, block.first_frame)
