"""Computes chunks of HTDemucs with OpenVINO, on CPUs: faster than torch there, within 5e-5 of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from torch.nn import functional as F

from antiphon_wire.errors import not_ready
from services.separation.engines.demucs import openvino_graph as graphs
from services.separation.engines.demucs import resident

HINTS = {"float32": "f32", "bfloat16": "bf16"}
"""What OpenVINO calls the number formats."""


class OpenVinoBackend:
    """The networks of a bag as OpenVINO graphs; see :class:`services.separation.engines.demucs.engine.Backend`.

    Args:
        networks: HTDemucs networks, see :func:`openvino_graph.is_graphable`; only their transforms are used.
        folders: For each the folder that keeps its graph.
        loads: For each what gives it with its weights, called where its graph must be made.
        precision: A key of HINTS.
        threads: Threads of one chunk.
        at_once: Chunks computed side by side; 0 for one.

    Raises:
        AntiphonError: FAILED_PRECONDITION; ``BACKEND_NOT_AVAILABLE`` for networks that are no such HTDemucs,
            ``PRECISION_NOT_AVAILABLE`` for a format that this CPU does not compute in.
    """

    name = "openvino"
    device = "cpu"

    def __init__(
        self,
        networks: Sequence[Any],
        folders: Sequence[Path],
        loads: Sequence[Callable[[], Any]],
        precision: str = "float32",
        threads: int = 1,
        at_once: int = 1,
    ) -> None:
        if not all(map(graphs.is_graphable, networks)):
            raise not_ready(
                "BACKEND_NOT_AVAILABLE",
                "the OpenVINO backend runs HTDemucs networks only; set SEPARATION_BACKEND to auto or torch",
                backend=self.name,
            )
        runtime = openvino.Core()
        if precision not in HINTS or HINTS[precision].upper() not in (
            *runtime.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
            "F32",
        ):
            raise not_ready(
                "PRECISION_NOT_AVAILABLE",
                f"OpenVINO does not compute in {precision} on this CPU; set SEPARATION_PRECISION to float32",
                precision=precision,
                device=self.device,
            )
        self.precision = precision
        self.at_once = max(1, at_once)
        self.library_versions = {"openvino": openvino.__version__}
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "INFERENCE_NUM_THREADS": threads * self.at_once,
            "NUM_STREAMS": self.at_once,
            # Workers that do not know of each other would all pin themselves to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        self._networks, self._compiled = list(networks), []
        for folder, load in zip(folders, loads, strict=True):
            self._compiled.append(runtime.compile_model(graphs.graph(runtime, load, folder), "CPU", options))
            # The compiled graph has the weights in an order of its own; it keeps the file mapped all the same.
            resident.drop_pages(folder / graphs.WEIGHTS)
        self._requests = threading.local()
        self._threads = ThreadPoolExecutor(self.at_once) if self.at_once > 1 else None

    def run(self, index: int, chunks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Gives the answers of one network, ``(stems, channels, samples)``, to chunks ``(channels, samples)``."""
        compute = self._threads.map if self._threads is not None else map
        return list(compute(lambda chunk: self._forward(index, chunk), chunks))

    def _forward(self, index: int, chunk: np.ndarray) -> np.ndarray:
        network, length = self._networks[index], chunk.shape[-1]
        resident.trim()
        with torch.inference_mode():
            mix = F.pad(torch.from_numpy(chunk), (0, graphs.segment_samples(network) - length))[None]
            spectrum = graphs.spectrum_of(network, mix)
            request = self._request(index)
            request.infer([mix.numpy(), spectrum.numpy()], share_inputs=True)
            spectra, waves = (torch.from_numpy(request.get_output_tensor(place).data) for place in (0, 1))
            answer: np.ndarray = graphs.joined(network, spectra, waves)[0, ..., :length].numpy()
        resident.trim()
        return answer

    def _request(self, index: int) -> openvino.InferRequest:
        """One for each thread: a request holds the memory of one chunk."""
        kept: dict[int, openvino.InferRequest] = self._requests.__dict__.setdefault("by_network", {})
        if index not in kept:
            kept[index] = self._compiled[index].create_infer_request()
        return kept[index]
