"""Turns published networks into files that this service can load; run once, when a model is pulled.

``python -m services.essentia.conversion musicnn OUT INDEX DATA`` reads a TensorFlow 1 checkpoint of MusiCNN, without
TensorFlow, and writes an ONNX file. ``musicnn_msd_card`` and ``musicnn_mtt_card`` read the tags of the networks out of
musicnn's own ``configuration.py``, without running it, and write a metadata file. ``beatnet`` reads torch's checkpoints
without torch, ``madmom_key`` and ``madmom_chords`` madmom's pickles without madmom, by unpicklers that build arrays and
plain data and nothing else. The outputs are the same bytes on
every machine.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import numpy as np

from chassis.models import converter
from chassis.models.converter import ConversionError
from services.essentia.checkpoints.beatnet_graph import write_beatnet
from services.essentia.checkpoints.madmom_graphs import transitions, write_chords, write_key
from services.essentia.checkpoints.madmom_pickle import read_network, read_random_field
from services.essentia.checkpoints.torch_archive import read_torch_archive
from services.essentia.musicnn_checkpoint.bundle import BundleError, read_bundle
from services.essentia.musicnn_checkpoint.graph import EMBEDDING, PATCH_FRAMES, Network
from services.essentia.tags.mel import BANDS, SAMPLE_RATE

# Tags of either network.
LABELS = 50
# Of a configuration that is read; musicnn's own has 1.2 kB.
_MOST_TEXT_BYTES = 100_000
# Half a patch, as Essentia's TensorflowPredictMusiCNN moves on.
PATCH_HOP_FRAMES = 93


def musicnn(out: Path, index: Path, data: Path) -> None:
    """Writes the network of a MusiCNN checkpoint as the ONNX file ``out``.

    Raises:
        ConversionError: the checkpoint is damaged or of another network.
    """
    try:
        Network(read_bundle(index, data)).write(out, LABELS)
    except BundleError as error:
        raise ConversionError(str(error)) from error
    except KeyError as error:
        raise ConversionError(f"the checkpoint has no tensor {error}") from error
    except ValueError as error:
        raise ConversionError(f"the checkpoint is of another network: {error}") from error


def beatnet(out: Path, first: Path, second: Path, third: Path) -> None:
    """Writes BeatNet's three networks, as torch saved them, as the ONNX file ``out``, which gives their mean.

    Raises:
        ConversionError: a checkpoint is damaged, of another network, or names what no tensor needs.
    """
    networks = [read_torch_archive(path) for path in (first, second, third)]
    try:
        write_beatnet(out, networks)
    except KeyError as error:
        raise ConversionError(f"a checkpoint has no tensor {error}") from error
    except ValueError as error:
        raise ConversionError(f"a checkpoint is of another network: {error}") from error


def madmom_key(out: Path, network: Path) -> None:
    """Writes madmom's network for keys as the ONNX file ``out``.

    Raises:
        ConversionError: the pickle is damaged, of another network, or names what no layer needs.
    """
    write_key(out, read_network(network))


def madmom_chords(out: Path, network: Path, field: Path) -> None:
    """Writes madmom's network for chords, with the random field's part for single frames, as the ONNX file ``out``.

    Raises:
        ConversionError: a pickle is damaged, of another network, or names what no layer needs.
    """
    write_chords(out, read_network(network), read_random_field(field))


def madmom_chord_changes(out: Path, field: Path) -> None:
    """Writes what madmom's random field says of changes between chords as the numpy file ``out``.

    Raises:
        ConversionError: the pickle is damaged, of another field, or names what none needs.
    """
    with out.open("wb") as stream:
        np.save(stream, transitions(read_random_field(field)), allow_pickle=False)


def musicnn_msd_card(out: Path, configuration: Path) -> None:
    """Writes the metadata of the network trained on the Million Song Dataset; see :func:`write_card`."""
    write_card(out, configuration, "MSD_LABELS", "MusiCNN (Million Song Dataset)")


def musicnn_mtt_card(out: Path, configuration: Path) -> None:
    """Writes the metadata of the network trained on MagnaTagATune; see :func:`write_card`."""
    write_card(out, configuration, "MTT_LABELS", "MusiCNN (MagnaTagATune)")


def write_card(out: Path, configuration: Path, variable: str, name: str) -> None:
    """Writes a metadata file, of the layout that Essentia's models have, with the labels that ``variable`` holds.

    Raises:
        ConversionError: there is no such list of LABELS strings in ``configuration``.
    """
    try:
        if configuration.stat().st_size > _MOST_TEXT_BYTES:  # a parsed text takes hundreds of bytes for each of its own
            raise ConversionError(f"the configuration has more than {_MOST_TEXT_BYTES} bytes")
        tree = ast.parse(configuration.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, RecursionError, MemoryError) as error:  # the parser's words for too deep
        raise ConversionError(f"the configuration is no Python file ({error})") from error
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable
    ]
    try:
        labels = ast.literal_eval(values[0]) if len(values) == 1 else None
    except (ValueError, TypeError, RecursionError) as error:
        raise ConversionError(f"{variable} is no plain list ({error})") from error
    if not isinstance(labels, list) or len(labels) != LABELS or not all(isinstance(one, str) for one in labels):
        raise ConversionError(f"{variable} is not one list of {LABELS} labels")
    card = {
        "name": name,
        "type": "auto-tagging",
        "version": "0.1.0",
        "classes": labels,
        "schema": {
            "inputs": [{"name": "melspectrogram", "type": "float", "shape": [PATCH_FRAMES, BANDS]}],
            "outputs": [
                {"name": "activations", "type": "float", "shape": [LABELS], "output_purpose": "predictions"},
                {"name": "embeddings", "type": "float", "shape": [EMBEDDING], "output_purpose": "embeddings"},
            ],
        },
        "inference": {"sample_rate": SAMPLE_RATE, "patch_hop_frames": PATCH_HOP_FRAMES},
    }
    out.write_text(json.dumps(card, indent=1, ensure_ascii=True) + "\n", "ascii")


def main(arguments: list[str] | None = None) -> int:
    """Runs one conversion; see :func:`chassis.models.converter.main`."""
    tags = (musicnn, musicnn_msd_card, musicnn_mtt_card)
    music = (beatnet, madmom_key, madmom_chords, madmom_chord_changes)
    return converter.main("services.essentia.conversion", __doc__, *tags, *music, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
