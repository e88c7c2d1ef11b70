"""What every reader of a pickle here asks first: no name in it is imported, and no index takes memory for nothing."""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Mapping
from typing import Any, ClassVar

from chassis.models.converter import ConversionError

MOST_DIMENSIONS = 8
"""Dimensions of an array."""


def look_through(pickled: bytes) -> None:
    """Refuses indices of a memo far beyond its entries: memory would be taken for all that lie between.

    Raises:
        ConversionError: there is such an index.
        ValueError: the bytes are no pickle.
    """
    for number, (operation, index, _) in enumerate(pickletools.genops(pickled)):
        if operation.name.endswith("PUT") and isinstance(index, int) and index > number:
            raise ConversionError(f"its pickle keeps something under {index}, after {number} operations")


class ClosedUnpickler(pickle.Unpickler):
    """Knows the names in ``known`` alone, each by what a reader has put in its place; nothing is imported.

    Attributes:
        known: What stands for a name, by module and name.
    """

    known: ClassVar[Mapping[tuple[str, str], Any]]

    def find_class(self, module: str, name: str) -> Any:
        """Gives what stands for a name.

        Raises:
            ConversionError: the name is none of ``known``.
        """
        try:
            return self.known[module, name]
        except KeyError:
            raise ConversionError(f"its pickle asks for {module}.{name}, which no network needs; refused") from None

    def persistent_load(self, pid: Any) -> Any:
        """Refuses what lies outside the pickle.

        Raises:
            ConversionError: always.
        """
        raise ConversionError("its pickle refers to outside storage, which it has none of")
