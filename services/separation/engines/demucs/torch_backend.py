"""Computes chunks in torch, on a CPU or a GPU; the reference."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from antiphon_wire.errors import AntiphonError, not_ready
from chassis import torch_device as devices

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
MAX_BATCH = 16
"""Most chunks in one batch on a GPU; more gain nothing and delay the first stem."""

_SHARE_OF_FREE_MEMORY = 0.8


class TorchBackend:
    """The networks of a bag, resident on one device.

    Args:
        networks: Ready to separate; moved to the device.
        device: Where they compute.
        precision: A key of DTYPES; all but float32 by autocast.
        at_once: Chunks at once: threads on a CPU, the size of a batch on a GPU, where 0 is as many as the memory takes.

    Attributes:
        name: Of the backend.
        device: What computes.
        precision: Number format.
        at_once: Chunks worth handing over at once.
    """

    name = "torch"

    def __init__(
        self, networks: Sequence[Any], device: torch.device, precision: str = "float32", at_once: int = 1
    ) -> None:
        if precision == "float16" and device.type == "cpu":
            raise not_ready(
                "PRECISION_NOT_AVAILABLE",
                "float16 on a CPU is slower and coarser than bfloat16; set SEPARATION_PRECISION to float32 or bfloat16",
                precision=precision,
                device=device.type,
            )
        # torch's shortcut for whole attention layers holds every weight of the attention at once; without it the work
        # is done in tiles, with the same result, sooner and in less memory.
        torch.backends.mha.set_fastpath_enabled(False)
        with devices.memory_told():
            self._networks = [network.to(device) for network in networks]
        self._device = device
        self._measure = device.type != "cpu" and at_once == 0
        self.device = devices.describe(device)
        self.precision = precision
        self.at_once = max(1, at_once)
        self._threads = ThreadPoolExecutor(self.at_once) if device.type == "cpu" and self.at_once > 1 else None

    def run(self, index: int, chunks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Gives the answers of one network, ``(stems, channels, samples)``, to chunks ``(channels, samples)``.

        Chunks of one length go into one batch on a GPU. Where its memory does not suffice, batches get smaller, for
        good.

        Raises:
            AntiphonError: RESOURCE_EXHAUSTED, ``DEVICE_OUT_OF_MEMORY``: it does not suffice for a single chunk;
                ``WORKER_OUT_OF_MEMORY``: that of the machine does not.
        """
        if self._device.type == "cpu":
            compute = self._threads.map if self._threads is not None else map
            with devices.memory_told():
                return [answer[0] for answer in compute(lambda chunk: self._forward(index, chunk[None]), chunks)]
        answers: list[np.ndarray] = []
        while len(answers) < len(chunks):
            rest = chunks[len(answers) :]
            alike = next((at for at, chunk in enumerate(rest) if chunk.shape != rest[0].shape), len(rest))
            answers += self._batch(index, rest[: min(alike, self.at_once)])
        return answers

    def _batch(self, index: int, chunks: Sequence[np.ndarray]) -> list[np.ndarray]:
        try:
            if not self._measure:
                return list(self._forward(index, np.stack(chunks)))
            self._measure = False
            answers = list(self._forward_measured(index, chunks[0][None]))
            return answers + (self._batch(index, chunks[1:]) if len(chunks) > 1 else [])
        except torch.cuda.OutOfMemoryError as error:
            problem = str(error).splitlines()[0]
        # Outside the handler: the exception held the tensors of the attempt.
        torch.cuda.empty_cache()
        if len(chunks) == 1:
            raise _out_of_memory(self.device, chunks[0].shape[-1], problem)
        self.at_once = max(1, len(chunks) // 2)
        return [
            answer
            for start in range(0, len(chunks), self.at_once)
            for answer in self._batch(index, chunks[start : start + self.at_once])
        ]

    def _forward(self, index: int, chunks: np.ndarray) -> np.ndarray:
        lower = self.precision != "float32"
        format_ = torch.autocast(self._device.type, DTYPES[self.precision]) if lower else contextlib.nullcontext()
        with torch.inference_mode(), format_:
            answer = self._networks[index](torch.from_numpy(chunks).to(self._device))
        samples: np.ndarray = answer.float().cpu().numpy()
        return samples

    def _forward_measured(self, index: int, chunk: np.ndarray) -> np.ndarray:
        """One chunk alone, to learn what a chunk costs and so how many fit."""
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        answer = self._forward(index, chunk)
        cost = max(1, torch.cuda.max_memory_allocated(self._device) - before)
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(self._device)
        self.at_once = max(1, min(MAX_BATCH, int(_SHARE_OF_FREE_MEMORY * free / cost)))
        return answer


def _out_of_memory(device: str, samples: int, problem: str) -> AntiphonError:
    return AntiphonError(
        "RESOURCE_EXHAUSTED",
        "DEVICE_OUT_OF_MEMORY",
        f"{device} has not the memory for a single chunk of {samples} samples; free some, "
        "set SEPARATION_DEVICE to cpu, or choose a shorter segment or another model",
        {"device": device, "samples": samples, "problem": problem},
        retry_after_seconds=10.0,
    )
