"""Networks in ONNX Runtime: one session for each file, on the device that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime

from antiphon_wire.errors import not_ready
from services.essentia.tags.card import EMBEDDINGS, PREDICTIONS, Network

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""By device, in the order in which ``auto`` looks for them."""

# What the published ONNX files call the outputs that their metadata, written for the TensorFlow files, names otherwise.
_USUAL_NAMES = {PREDICTIONS: "activations", EMBEDDINGS: "embeddings"}


def choose_device(wanted: str) -> str:
    """Chooses the device that computes: ``wanted``, or for ``auto`` the first that ONNX Runtime has here.

    Raises:
        AntiphonError: DEVICE_NOT_AVAILABLE.
    """
    available = onnxruntime.get_available_providers()
    devices = [device for device, provider in PROVIDERS.items() if provider in available]
    if wanted == "auto":
        return devices[0]
    if wanted not in devices:
        raise not_ready(
            "DEVICE_NOT_AVAILABLE",
            f"ONNX Runtime here has no {wanted}; there is {', '.join(devices)} (ESSENTIA_DEVICE)",
            device=wanted,
            available=", ".join(devices),
        )
    return wanted


class Session:
    """One network, ready to run.

    Attributes:
        patch_frames: Frames of the patches it takes; None where it takes embeddings.
    """

    def __init__(self, network: Network, device: str, thread_count: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin between two runs take the cores from everybody else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = [PROVIDERS[device]] + ([PROVIDERS["cpu"]] if device != "cpu" else [])
        self._name = network.graph.name
        self._card = network.card
        try:
            # From its bytes, so that there is no folder in which it could look for weights: no file has any elsewhere.
            graph = network.graph.read_bytes()
            self._session = onnxruntime.InferenceSession(graph, options, providers=providers)
        except Exception as error:  # ONNX Runtime's own exception types are not public
            raise not_ready("MODEL_GRAPH", f"{self._name} cannot be loaded: {error}", file=self._name) from error
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if inputs else []
        if len(inputs) != 1 or len(shape) not in (2, 3):
            raise not_ready("MODEL_GRAPH", f"{self._name} takes {len(inputs)} inputs, not one of patches or embeddings")
        self._input = inputs[0].name
        self.patch_frames = int(shape[1]) if len(shape) == 3 else None

    def names(self, purposes: Sequence[str]) -> list[str]:
        """Gives the graph's own names of the outputs for ``purposes``: as its metadata says, as published, or by width.

        Raises:
            AntiphonError: MODEL_GRAPH where an output cannot be told.
        """
        return [self._output(purpose) for purpose in purposes]

    def run(self, names: Sequence[str], inputs: np.ndarray) -> list[np.ndarray]:
        """Runs the network over float32 ``inputs`` (n, …); gives float32 (n, width) for each name."""
        found: list[np.ndarray] = self._session.run(list(names), {self._input: inputs})
        return found

    def _output(self, purpose: str) -> str:
        outputs = {output.name: output.shape for output in self._session.get_outputs()}
        port = self._card.outputs.get(purpose)
        for name in (port.name if port else "", _USUAL_NAMES[purpose]):
            if name in outputs:
                return name
        width = len(self._card.labels) if purpose == PREDICTIONS else port.width if port else None
        fitting = [name for name, shape in outputs.items() if shape and shape[-1] == width]
        if len(fitting) != 1:
            raise not_ready(
                "MODEL_GRAPH",
                f"{self._name} has no output that could be its {purpose}; it has {', '.join(outputs)}",
                file=self._name,
                outputs=", ".join(outputs),
            )
        return str(fitting[0])
