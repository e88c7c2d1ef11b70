"""Tags by numpy and ONNX Runtime, without Essentia or TensorFlow: what the engines of ONNX networks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np

from antiphon_wire.errors import not_ready
from chassis.models import InstalledModel
from chassis.reports import ProgressReport
from services.essentia.contract import TagEvent
from services.essentia.tags.card import EMBEDDINGS, PREDICTIONS, Card, Network, networks
from services.essentia.tags.collected import Collected
from services.essentia.tags.mel import log_mel
from services.essentia.tags.onnx_sessions import Session, choose_device
from services.essentia.tags.patches import Grid, Hearing

if TYPE_CHECKING:
    from services.essentia.settings import EssentiaSettings

SUFFIX = ".onnx"
"""How the names of the graphs end."""

BATCH = 8
"""Patches at once: the fastest on a CPU; more take more memory and no less time."""


class OnnxTagger:
    """Runs each extractor once, however many heads are asked for.

    A model of one network gives that network's own predictions; one of two gives the second's predictions from the
    first's embeddings.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``migraphx``.
        thread_count: Threads of one network.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE.
    """

    usual_patch_hop: int
    """Frames from patch to patch where a model's metadata does not say."""

    precision = "float32"
    parameters: Mapping[str, str] = MappingProxyType({})

    def __init__(self, device: str = "auto", thread_count: int = 1) -> None:
        self.device = choose_device(device)
        self.library_versions: Mapping[str, str] = {name: metadata.version(name) for name in ("numpy", "onnxruntime")}
        self._thread_count = thread_count
        self._sessions: dict[str, Session] = {}

    @classmethod
    def load(cls, model: InstalledModel, settings: EssentiaSettings) -> Self:
        """Makes the tagger with the networks of ``model`` ready.

        Raises:
            AntiphonError: DEVICE_NOT_AVAILABLE; MODEL_METADATA, MODEL_GRAPH where the model's files do not fit.
        """
        tagger = cls(settings.device, settings.thread_count)
        for part in networks(model, SUFFIX):
            tagger._session(part)
        return tagger

    def tag(
        self,
        read: Callable[[], Iterable[np.ndarray]],
        models: Sequence[InstalledModel],
        embeddings: bool = False,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> Iterator[TagEvent]:
        """Runs ``models``; see :class:`services.essentia.contract.Tagger`."""
        pipelines = []
        for model in models:
            parts = networks(model, SUFFIX)
            if any(part.digest not in self._sessions for part in parts):
                yield ProgressReport(step=model.name, loading=True)
            sessions = [self._session(part) for part in parts]
            pipelines.append(Pipeline(model, parts, sessions, embeddings, self.usual_patch_hop))
        for grid in sorted({pipeline.grid for pipeline in pipelines}, key=lambda grid: grid.frames):
            yield from _run(read(), [one for one in pipelines if one.grid == grid], grid, checkpoint)

    def _session(self, network: Network) -> Session:
        if network.digest not in self._sessions:
            self._sessions[network.digest] = Session(network, self.device, self._thread_count)
        return self._sessions[network.digest]


class Pipeline:
    """An extractor with or without a head, and what they have given so far."""

    def __init__(
        self,
        model: InstalledModel,
        parts: Sequence[Network],
        sessions: Sequence[Session],
        embeddings: bool,
        usual_patch_hop: int,
    ) -> None:
        by_input = {
            session.patch_frames is None: (session, part) for session, part in zip(sessions, parts, strict=True)
        }
        if len(by_input) != len(parts) or False not in by_input:
            raise not_ready(
                "MODEL_GRAPH", f"{model.name} is not one extractor with or without a head", model=model.name
            )
        self.extractor, extractor_part = by_input[False]
        self._head = by_input[True][0] if True in by_input else None
        card: Card = (by_input[True] if True in by_input else by_input[False])[1].card
        assert self.extractor.patch_frames is not None
        self.grid = Grid(self.extractor.patch_frames, extractor_part.card.patch_hop or usual_patch_hop)
        self.collected = Collected(model, card, embeddings)
        self.names = self.extractor.names([EMBEDDINGS] if self._head is not None else [PREDICTIONS, EMBEDDINGS])
        self._head_names = [] if self._head is None else self._head.names([PREDICTIONS])

    def take(self, found: Mapping[str, np.ndarray]) -> None:
        """Takes what the extractor gave for a batch, by output name."""
        embedding = found[self.names[-1]]
        scores = found[self.names[0]] if self._head is None else self._head.run(self._head_names, embedding)[0]
        self.collected.add(scores, embedding)


def _run(
    blocks: Iterable[np.ndarray], pipelines: Sequence[Pipeline], grid: Grid, checkpoint: Callable[[], None]
) -> Iterator[TagEvent]:
    hearing = Hearing(blocks, grid.fewest_samples)
    done = 0
    for patches in grid.cut(log_mel(hearing), BATCH):
        for extractor in {id(one.extractor): one.extractor for one in pipelines}.values():
            users = [one for one in pipelines if one.extractor is extractor]
            names = sorted({name for one in users for name in one.names})
            found = dict(zip(names, extractor.run(names, patches), strict=True))
            for one in users:
                one.take(found)
        done += len(patches)
        checkpoint()
        yield ProgressReport(audio_seconds=done * grid.hop_seconds, step="tags")
    yield from hearing.warnings()
    if not hearing.empty:
        for one in pipelines:
            yield one.collected.finish(grid)
