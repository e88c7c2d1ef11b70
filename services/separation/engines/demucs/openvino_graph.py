"""HTDemucs without its transforms, as a graph that OpenVINO runs.

HTDemucs uses the spectrogram only at its two ends. Between them it is a plain graph from (mix, spectrum) to (spectra of
the stems, waves of the stems), which is traced once for each network and kept beside its weights; the transforms stay
in torch. The cut itself changes no bit.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.metadata
import logging
import math
import os
import secrets
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from demucs.htdemucs import HTDemucs
from torch.nn import functional as F

# Converting a model would report to a server which operators it holds; without this package OpenVINO stays silent.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402
from openvino import opset15 as opset  # noqa: E402
from openvino.passes import ConstantFolding, Manager  # noqa: E402

from services.separation.engines.demucs.flat_residual import flattened  # noqa: E402

VERSION = "3"
"""Of what is traced here; a change makes every kept graph be made again."""

WEIGHTS = "core.bin"
"""Beside the graph itself, ``core.xml``, in its folder."""

_PACKED = "/packed"
_WORTH_PACKING = 4_096
"""Numbers in the smallest tensor that is packed."""

_log = logging.getLogger(__name__)


def is_graphable(network: object) -> bool:
    """Tells whether a network can be cut at its transforms.

    That is an HTDemucs that sees whole training segments, and complex values as channels.
    """
    return isinstance(network, HTDemucs) and bool(network.cac) and bool(network.use_train_segment)


def segment_samples(network: Any) -> int:
    """Samples of the one length that the graph takes."""
    return int(network.segment * network.samplerate)


def spectrum_of(network: Any, mix: torch.Tensor) -> torch.Tensor:
    """Transforms ``mix`` (1, channels, samples) into what the graph wants beside it.

    That is (1, 2 channels, bins, frames), real and imaginary parts as channels.
    """
    spectrum: torch.Tensor = network._magnitude(network._spec(mix))
    return spectrum


def joined(network: Any, spectra: torch.Tensor, waves: torch.Tensor) -> torch.Tensor:
    """Makes the stems, (1, stems, channels, samples), of the graph's two answers.

    What ``network._mask`` and ``network._ispec`` make of them, with sums in place of a general fold and one stem at a
    time: all at once would hold ten times the answer for a moment.
    """
    size, hop, length = int(network.nfft), int(network.hop_length), waves.shape[-1]
    window, overlaps = torch.hann_window(size), size // hop
    # Two frames on either side are cut off by demucs' transform, and are zeros here.
    frames = spectra.shape[-1] + 4
    envelope = _folded((window * window).expand(1, frames, size), overlaps)
    window = window * math.sqrt(size)  # demucs' transforms are normalised
    start = size // 2 + hop // 2 * 3
    answer = torch.empty_like(waves)
    for stem in range(waves.shape[1]):
        parts = spectra[0, stem].unflatten(0, (-1, 2)).permute(0, 3, 2, 1)  # channels, frames, bins, two parts
        bins = torch.view_as_complex(F.pad(parts, (0, 0, 0, 1, 2, 2)).contiguous())
        sound = _folded(torch.fft.irfft(bins, n=size).mul_(window), overlaps).div_(envelope)
        torch.add(waves[0, stem], sound[:, start : start + length], out=answer[0, stem])
    return answer


def _folded(frames: torch.Tensor, overlaps: int) -> torch.Tensor:
    """Sums of frames, (channels, frames, size), each a part of its size later than the last: (channels, samples)."""
    channels, count, size = frames.shape
    parts = frames.unflatten(-1, (overlaps, size // overlaps))
    total = frames.new_zeros(channels, count + overlaps - 1, size // overlaps)
    for part in range(overlaps):
        total[:, part : part + count] += parts[:, :, part]
    return total.flatten(1)


def folder_for(directory: Path, elsewhere: Path | None) -> Path:
    """Decides where the graphs of a model lie.

    Args:
        directory: The model's own folder, named by the digests of its weights.
        elsewhere: Folder for graphs; None for the ``derived`` of the store that has the model among its ``views``, or
            of ``directory`` itself where it is in none.
    """
    made_by = f"openvino-{importlib.metadata.version('openvino')}-demucs-{importlib.metadata.version('demucs')}"
    if elsewhere is not None:
        base = elsewhere.absolute() / directory.parent.name / directory.name
    else:
        # Apart from the weights: a worker may write there, and to them it may not.
        views = next((each for each in directory.parents if each.name == "views"), None)
        base = directory / "derived" if views is None else views.parent / "derived" / directory.relative_to(views)
    return base / f"{made_by}-{VERSION}"


def graph(runtime: openvino.Core, load: Callable[[], Any], folder: Path) -> openvino.Model:
    """Reads the graph kept in ``folder``; makes it, and keeps it there, where there is none or it cannot be read.

    Where the folder cannot be written to, the graph is made each time.

    Args:
        runtime: What reads it.
        load: Gives the network with its weights; called only where the graph must be made.
        folder: Where it is kept.
    """
    if (folder / "core.xml").exists():
        try:
            return runtime.read_model(folder / "core.xml")
        except RuntimeError as error:
            _log.warning("the graph in %s cannot be read and is made again: %s", folder, str(error).splitlines()[0])
            shutil.rmtree(folder, ignore_errors=True)
    made = trace(load())
    fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        fresh.mkdir(parents=True)
        _save(made, fresh / "core.xml")
        with contextlib.suppress(FileExistsError, OSError):  # another worker was quicker
            os.rename(fresh, folder)
        # Read back, so that the weights are the file's pages and what they were made of can go.
        return runtime.read_model(folder / "core.xml")
    except (OSError, RuntimeError) as error:
        _log.warning("the graph cannot be kept in %s and is made at each start: %s", folder, error)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def trace(network: Any) -> openvino.Model:
    """Makes the graph of a network whose weights are there."""
    core = _Core(network).eval()
    mix = torch.randn(1, network.audio_channels, segment_samples(network), generator=torch.Generator().manual_seed(0))
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the fused attention is no operator that can be converted
    try:
        with torch.no_grad(), flattened(network), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that shapes are taken for constants, which is what is wanted
            example = (mix, spectrum_of(network, mix))
            made = openvino.convert_model(core, example_input=example, input=[list(each.shape) for each in example])
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    # Left to the compiler, what it folds lies in memory beside the weights that are mapped from the file.
    folding = Manager()
    folding.register_pass(ConstantFolding())
    folding.run_passes(made)
    return made


def _save(made: openvino.Model, path: Path) -> None:
    """Writes a graph; its weights in half precision where that holds every one of them to the bit.

    Published networks were stored so. OpenVINO widens what is marked as packed when it arranges the weights for the
    processor, and needs no full copy of them in between; what is not marked it unpacks at once, and keeps.
    """
    for constant in made.get_ordered_ops():
        if constant.get_type_name() != "Constant" or constant.get_element_type() != openvino.Type.f32:
            continue
        with np.errstate(over="ignore"):
            half = constant.data.astype(np.float16)
        if half.size < _WORTH_PACKING or not np.array_equal(half.astype(np.float32), constant.data):
            continue
        full = opset.convert(opset.constant(half), "f32", name=f"{constant.get_friendly_name()}{_PACKED}")
        for user in constant.output(0).get_target_inputs():
            user.replace_source_output(full.output(0))
    openvino.save_model(made, path, compress_to_fp16=False)
    tree = ElementTree.parse(path)
    for layer in tree.iterfind("layers/layer"):
        if layer.get("name", "").endswith(_PACKED):
            marks = ElementTree.Element("rt_info")
            ElementTree.SubElement(marks, "attribute", name="decompression", version="0")
            layer.insert(1, marks)  # behind its data
    tree.write(path)


class _Core(torch.nn.Module):
    """A network whose transforms are left out: ``(mix, spectrum)`` to ``(spectra, waves)``.

    It computes with the weights of the network that it is made of, which is left as it was.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = copy.copy(network)
        self._spectrum: torch.Tensor | None = None
        self._spectra: torch.Tensor | None = None
        self._network._spec = lambda mix: self._spectrum
        self._network._magnitude = lambda spectrum: spectrum
        self._network._mask = lambda spectrum, spectra: spectra
        self._network._ispec = self._keep

    def _keep(self, spectra: torch.Tensor, length: int) -> float:
        self._spectra = spectra
        return 0.0  # the network adds this to its waves

    def forward(self, mix: torch.Tensor, spectrum: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
        """Computes what lies between the transforms."""
        self._spectrum = spectrum
        waves = self._network(mix)
        spectra, self._spectra, self._spectrum = self._spectra, None, None
        return spectra, waves
