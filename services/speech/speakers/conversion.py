"""Turns the checkpoint of Resemblyzer's voice encoder into a row of numbers; run once, when the model is pulled.

``python -m services.speech.speakers.conversion resemblyzer OUT PRETRAINED_PT``
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from chassis.models import converter
from chassis.models.converter import ConversionError
from services.speech.speakers.checkpoint import read_legacy_checkpoint
from services.speech.speakers.network import BANDS, LAYERS, SIZE, WIDTH


def resemblyzer(out: Path, checkpoint: Path) -> None:
    """Writes the weights of Resemblyzer's voice encoder, as torch saved them, as one row of numbers in a ``.npy`` file.

    They stand in the order in which :class:`services.speech.speakers.network.VoiceEncoder` takes them; of each layer's
    two biases, which are only ever added, there is the sum.

    Raises:
        ConversionError: the checkpoint is damaged, of another network, or names what no tensor needs.
    """
    tensors = read_legacy_checkpoint(checkpoint, "model_state")
    try:
        parts: list[np.ndarray] = []
        for layer, inputs in enumerate((BANDS, *(WIDTH,) * (LAYERS - 1))):
            weights = [tensors[f"lstm.weight_{side}_l{layer}"] for side in ("ih", "hh")]
            if [each.shape for each in weights] != [(4 * WIDTH, inputs), (4 * WIDTH, WIDTH)]:
                raise ConversionError(f"{checkpoint.name}: layer {layer} is of another network")
            parts += [*weights, tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]]
        parts += [tensors["linear.weight"], tensors["linear.bias"]]
    except KeyError as error:
        raise ConversionError(f"{checkpoint.name}: has no tensor {error}") from error
    row = np.concatenate([part.ravel() for part in parts]).astype("<f4")
    if row.size != SIZE or not np.isfinite(row).all():
        raise ConversionError(f"{checkpoint.name}: holds {row.size} numbers or some that are none; wanted {SIZE}")
    with out.open("wb") as stream:
        np.lib.format.write_array(stream, row, version=(1, 0), allow_pickle=False)


def main(arguments: list[str] | None = None) -> int:
    """Runs the conversion; see :func:`chassis.models.converter.main`."""
    return converter.main("services.speech.speakers.conversion", __doc__, resemblyzer, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
