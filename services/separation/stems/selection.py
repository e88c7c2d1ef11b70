"""Which stems a request asks for, and those among them that are the mix minus others: no model has to compute them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from antiphon_wire.errors import invalid
from antiphon_wire.spelling import did_you_mean

RESIDUAL = "residual"
"""What of the mix is in no stem of the model."""

WITHOUT = "no_"
"""Before a stem's name: the mix without it."""


@dataclass(frozen=True)
class StemSelection:
    """The stems of one request.

    Attributes:
        sent: Stems to send, in order: the model's own in its order, then ``no_…`` in that order, then the residual.
        computed: The model's own stems that must be computed for them, in its order.
        known: All of the model's own, in its order.
    """

    sent: tuple[str, ...]
    computed: tuple[str, ...]
    known: tuple[str, ...]

    def derive(self, stems: Mapping[str, np.ndarray], mix: np.ndarray) -> dict[str, np.ndarray]:
        """Gives the stems to send, in order, from a block of those computed and the same stretch of the mix."""
        return {name: stems[name] if name in self.known else self._difference(name, stems, mix) for name in self.sent}

    def _difference(self, name: str, stems: Mapping[str, np.ndarray], mix: np.ndarray) -> np.ndarray:
        if name != RESIDUAL:
            return residual([stems[name.removeprefix(WITHOUT)]], mix)
        return residual([stems[each] for each in self.known], mix)


def select_stems(model: str, known: tuple[str, ...], asked: tuple[str, ...]) -> StemSelection:
    """Reads what a request asks for.

    Args:
        model: The model's name, for messages.
        known: Its stems, in its order. Where one of them is called like a difference, it is meant.
        asked: Names; none for all of the model's own.

    Raises:
        AntiphonError: INVALID_ARGUMENT; ``UNKNOWN_STEM``, ``DUPLICATE_STEM``.
    """
    differences = [WITHOUT + stem for stem in known] + [RESIDUAL]
    order = (*known, *(name for name in differences if name not in known))
    for index, stem in enumerate(asked):
        path = f"config.stems[{index}]"
        if stem not in order:
            names = ", ".join(known)
            message = (
                f"model {model} has no stem {stem!r}; {did_you_mean(stem, order)}it has {names}, no_ before one of "
                f"them for the mix without it, and {RESIDUAL}"
            )
            raise invalid("UNKNOWN_STEM", message, field=path, stem=stem, model=model, known=names)
        if stem in asked[:index]:
            message = f"stem {stem!r} is asked for twice; name it once"
            raise invalid("DUPLICATE_STEM", message, field=path, stem=stem)
    sent = tuple(name for name in order if name in asked) if asked else known
    if RESIDUAL in sent and RESIDUAL not in known:
        return StemSelection(sent, known, known)
    needed = {name if name in known else name.removeprefix(WITHOUT) for name in sent}
    return StemSelection(sent, tuple(stem for stem in known if stem in needed), known)


def residual(stems: Iterable[np.ndarray], mix: np.ndarray) -> np.ndarray:
    """Takes all ``stems`` from the mix; float32, ``(channels, samples)``."""
    left = mix.copy()
    for samples in stems:
        left -= samples
    return left
