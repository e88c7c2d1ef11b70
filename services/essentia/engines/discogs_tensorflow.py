"""Discogs-EffNet and the heads on its embeddings, by Essentia and the TensorFlow inside it; on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from antiphon_wire.errors import not_ready
from chassis.models import InstalledModel
from chassis.reports import ProgressReport
from services.essentia.contract import TagEvent
from services.essentia.essentia_library import es
from services.essentia.tags.card import EMBEDDINGS, PREDICTIONS, Card, Network, networks
from services.essentia.tags.collected import Collected
from services.essentia.tags.mel import BANDS, HOP
from services.essentia.tags.patches import Grid, Hearing

if TYPE_CHECKING:
    from services.essentia.settings import EssentiaSettings

GRID = Grid(frames=128, hop=62)
"""Patches that TensorflowPredictEffnetDiscogs cuts by itself."""

# The graphs are published for batches of this size, and a smaller one costs as much.
_BATCH = 64


class TensorflowTagger:
    """Runs each extractor once for each stretch of about a minute, however many heads are asked for.

    Args:
        device: ``auto`` or ``cpu``; Essentia's TensorFlow knows no current GPU.
        thread_count: Not used: TensorFlow takes its number of threads from the machine.
    """

    device = "cpu"
    precision = "float32"
    parameters: Mapping[str, str] = MappingProxyType({})

    def __init__(self, device: str = "auto", thread_count: int = 1) -> None:
        self.library_versions: Mapping[str, str] = {
            name: metadata.version(name) for name in ("essentia-tensorflow", "numpy")
        }
        self._algorithms: dict[tuple[str, str], Any] = {}

    @classmethod
    def load(cls, model: InstalledModel, settings: EssentiaSettings) -> Self:
        """Makes the tagger with the graphs of ``model`` ready.

        Raises:
            AntiphonError: MODEL_METADATA, MODEL_GRAPH where the model's files do not fit.
        """
        tagger = cls(settings.device, settings.thread_count)
        tagger._load(_chain(model, embeddings=False))
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
            chain = _chain(model, embeddings)
            if chain.key(chain.purposes[-1]) not in self._algorithms:
                yield ProgressReport(step=model.name, loading=True)
            self._load(chain)
            pipelines.append((chain, Collected(model, chain.card, embeddings)))
        hearing = Hearing(read(), GRID.fewest_samples)
        done = 0
        for stretch, skipped in stretches(hearing):
            # Models that share an extractor find what it gave for the one before them here.
            found: dict[tuple[str, str], np.ndarray] = {}
            for chain, collected in pipelines:
                for purpose in chain.purposes:
                    key = chain.key(purpose)
                    if key not in found:
                        found[key] = _run(self._algorithms[key], stretch)[skipped:]
                        checkpoint()
                embedding = found.get(chain.key(EMBEDDINGS))
                if chain.head is not None and embedding is not None:
                    scores = _run(self._algorithms[chain.head.digest, PREDICTIONS], embedding)
                else:
                    scores = found[chain.key(PREDICTIONS)]
                collected.add(scores, embedding)
            done += (len(stretch) - GRID.fewest_samples) // (GRID.hop * HOP) + 1 - skipped
            yield ProgressReport(audio_seconds=done * GRID.hop_seconds, step="tags")
        yield from hearing.warnings()
        if not hearing.empty:
            for _, collected in pipelines:
                yield collected.finish(GRID)

    def _load(self, chain: Chain) -> None:
        for purpose in chain.purposes:
            if chain.key(purpose) not in self._algorithms:
                self._algorithms[chain.key(purpose)] = _extractor(chain.extractor, purpose)
        if chain.head is not None and (chain.head.digest, PREDICTIONS) not in self._algorithms:
            self._algorithms[chain.head.digest, PREDICTIONS] = _head(chain.head)


@dataclass(frozen=True)
class Chain:
    """The graphs of one model: an extractor, and a head on its embeddings where there is one.

    Attributes:
        embeddings: Whether the embeddings are wanted for themselves.
    """

    extractor: Network
    head: Network | None
    embeddings: bool

    @property
    def card(self) -> Card:
        """The metadata that has the labels."""
        return (self.head or self.extractor).card

    @property
    def purposes(self) -> tuple[str, ...]:
        """Outputs of the extractor that are needed."""
        if self.head is not None:
            return (EMBEDDINGS,)
        # Each output is a run of its own: Essentia gives one at a time.
        return (PREDICTIONS, EMBEDDINGS) if self.embeddings else (PREDICTIONS,)

    def key(self, purpose: str) -> tuple[str, str]:
        """Names one output of the extractor."""
        return self.extractor.digest, purpose


def stretches(blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, int]]:
    """Cuts audio into stretches of at most one batch of patches: (samples, patches to skip at the start).

    The patches that are left, one stretch after the other, are those of the whole audio: a stretch starts one patch
    early, since its first frame lacks what came before.
    """
    whole = ((_BATCH - 1) * GRID.hop + GRID.frames) * HOP
    kept = np.zeros(0, np.float32)
    skipped = 0
    for block in blocks:
        kept = np.concatenate([kept, block])
        while len(kept) >= whole:
            yield kept[:whole], skipped
            kept, skipped = kept[(_BATCH - 1) * GRID.hop * HOP :], 1
    if len(kept) >= GRID.fewest_samples + skipped * GRID.hop * HOP:
        yield kept, skipped


def _chain(model: InstalledModel, embeddings: bool) -> Chain:
    parts = networks(model, ".pb")
    extractors = [part for part in parts if part.card.input is not None and part.card.input.width == BANDS]
    heads = [part for part in parts if part not in extractors]
    if len(extractors) != 1 or len(heads) > 1:
        raise not_ready("MODEL_GRAPH", f"{model.name} is not one extractor with or without a head", model=model.name)
    return Chain(extractors[0], heads[0] if heads else None, embeddings)


def _extractor(network: Network, purpose: str) -> Any:
    port = network.card.input
    assert port is not None
    return _make(
        es.TensorflowPredictEffnetDiscogs,
        network,
        input=port.name,
        output=network.card.output(purpose, network.graph.name).name,
        batchSize=port.shape[0] if len(port.shape) == 3 and port.shape[0] else _BATCH,
        patchSize=GRID.frames,
        patchHopSize=GRID.hop,
    )


def _head(network: Network) -> Any:
    port = network.card.input
    if port is None or port.width is None:
        raise not_ready("MODEL_METADATA", f"the metadata of {network.graph.name} names no input with a width")
    output = network.card.output(PREDICTIONS, network.graph.name).name
    return _make(es.TensorflowPredict2D, network, input=port.name, output=output, dimensions=port.width)


def _make(algorithm: Any, network: Network, **parameters: object) -> Any:
    try:
        return algorithm(graphFilename=str(network.graph), **parameters)
    except RuntimeError as error:
        name = network.graph.name
        raise not_ready("MODEL_GRAPH", f"{name} cannot be loaded: {error}", file=name) from error


def _run(algorithm: Any, inputs: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(algorithm(np.ascontiguousarray(inputs, np.float32)), np.float32)
    except RuntimeError as error:
        raise not_ready("MODEL_GRAPH", f"a tag network cannot be run: {error}") from error
