"""The engine: Demucs' networks over a mix of any length, each stem given out as soon as it is final."""

from __future__ import annotations

import importlib.metadata
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from antiphon_wire.errors import invalid, not_ready
from chassis import torch_device as devices
from services.separation.contract import DEFAULT_PLAN, MixLevel, Plan, SeparatedBlock, Tuning
from services.separation.engines.demucs import weights
from services.separation.engines.demucs.backends import Backend, bag_and_backend
from services.separation.engines.demucs.bag import TRANSITION_SECONDS, Bag
from services.separation.engines.demucs.crew import Crew, Run
from services.separation.engines.demucs.overlap_add import Chunk, Lane, Window
from services.separation.mix.level import check_peak

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.separation.settings import SeparationSettings

DEFAULT_OVERLAP = 0.25
_LIBRARIES = ("demucs", "numpy", "safetensors")


class Demucs:
    """A bag of Demucs, HDemucs or HTDemucs networks; see :class:`services.separation.contract.Separator`.

    Where the level of the whole mix is known the stems are those of ``demucs.apply.apply_model`` with ``split=True``,
    after demucs' own normalisation. Where it is not, each chunk is taken at the level of the mix up to its end: the
    stems then differ by what a network makes of another level, which is little where it normalises for itself
    (HTDemucs).

    Args:
        bag: The networks.
        backend: What computes them.
    """

    needs_level = True

    def __init__(self, bag: Bag, backend: Backend) -> None:
        self._bag = bag
        self._backend = backend
        self.stems = bag.stems
        self.sample_rate = bag.sample_rate
        self.channels = bag.channels
        self.device = backend.device
        self.precision = backend.precision
        self.parameters: Mapping[str, str] = {"backend": backend.name}
        self.library_versions: Mapping[str, str] = {
            **{name: importlib.metadata.version(name) for name in _LIBRARIES},
            "torch": str(torch.__version__),  # a class of its own, which would not pass the worker's wire
            **getattr(backend, "library_versions", {}),
        }

    @classmethod
    def stems_of(cls, model: InstalledModel) -> tuple[str, ...]:
        """Reads the stems' names from the head of the first network's file."""
        return weights.read_stems(weights.read_recipe(model).networks[0])

    @classmethod
    def load(cls, model: InstalledModel, settings: SeparationSettings) -> Demucs:
        """Loads the networks that the model's yaml file names; see :meth:`Separator.load`."""
        device = devices.choose(settings.device, "SEPARATION_DEVICE")
        torch.set_num_threads(settings.thread_count)
        if device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = False  # the default rounds inputs to 10 bits; we say float32
        recipe = weights.read_recipe(model)
        try:
            return cls(*bag_and_backend(recipe, model.directory, device, settings))
        except ValueError as error:
            raise not_ready(
                "MODEL_UNREADABLE", f"model {model.name} cannot be used: {error}", model=model.name, problem=error
            ) from error

    def tuned(self, tuning: Tuning) -> Tuning:
        """Fills in no shifts, a quarter of overlap, and the networks' own segment; see :meth:`Separator.tuned`."""
        longest = self._bag.segment_seconds
        if (tuning.segment_seconds or 0.0) > longest:
            raise invalid(
                "SEGMENT",
                f"segment is {tuning.segment_seconds:g} s; this model takes at most its own {longest:g} s",
                field="config.segment",
                value=tuning.segment_seconds,
                limit=longest,
            )
        return replace(
            tuning,
            shifts=tuning.shifts or 0,
            overlap=DEFAULT_OVERLAP if tuning.overlap is None else tuning.overlap,
            segment_seconds=tuning.segment_seconds or longest,
            seed=tuning.seed or 0,
        )

    def separate(
        self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = lambda: None, plan: Plan = DEFAULT_PLAN
    ) -> Iterator[SeparatedBlock]:
        """Splits a mix while it arrives; see :meth:`Separator.separate`. Gives the stems of the plan and no others."""
        stems = tuple(stem for stem in self.stems if not plan.stems or stem in plan.stems)
        window = Window(self.channels)
        crew = Crew(self._bag, self._runs(stems, self.tuned(plan.tuning), plan.level, window))
        waiting: list[tuple[Run, Chunk]] = []
        sent = 0
        for block in _with_end(blocks):
            if block is None:
                window.closed = True
            else:
                check_peak(block)
                window.push(block)
            coming = crew.chunks()
            while True:
                waiting += itertools.islice(coming, self._backend.at_once - len(waiting))
                # Of a live mix no chunk waits for another to be computed with.
                enough = 1 if window.closed or plan.level is None else self._backend.at_once
                if len(waiting) < enough:
                    break
                checkpoint()
                self._compute(waiting)
                waiting.clear()
                count = crew.ready
                yield SeparatedBlock(sent, crew.take(stems, count), crew.reached)
                sent += count
            window.forget(crew.keep)

    def _runs(self, stems: tuple[str, ...], tuning: Tuning, level: MixLevel | None, window: Window) -> list[Run]:
        farthest = int(TRANSITION_SECONDS * self.sample_rate)
        runs = []
        for part in self._bag.parts(stems):
            for shift in range(max(1, tuning.shifts or 0)):
                lead = 0
                if tuning.shifts:
                    # By network and shift, so that the stems do not depend on which others were asked for.
                    draw = np.random.default_rng([(tuning.seed or 0) % 2**64, part.index, shift])
                    lead = farthest - int(draw.integers(0, farthest, endpoint=True))
                cut = self._bag.cut(part.index, tuning.overlap or 0.0, tuning.segment_seconds, lead)
                lane = Lane(cut, window, (len(part.rows), self.channels), level)
                runs.append(Run(part, lane, 1.0 / max(1, tuning.shifts or 0)))
        return runs

    def _compute(self, chunks: Sequence[tuple[Run, Chunk]]) -> None:
        """Runs the chunks, those of one network together, and joins the answers in their order."""
        chunks = sorted(chunks, key=lambda each: each[0].part.index)  # stable: each pass keeps its order
        start = 0
        while start < len(chunks):
            index = chunks[start][0].part.index
            end = next((at for at in range(start, len(chunks)) if chunks[at][0].part.index != index), len(chunks))
            answers = self._backend.run(index, [chunk.samples for _, chunk in chunks[start:end]])
            for (run, chunk), answer in zip(chunks[start:end], answers, strict=True):
                run.lane.join(chunk, answer[list(run.part.rows)])
            start = end


def _with_end(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray | None]:
    yield from blocks
    yield None
