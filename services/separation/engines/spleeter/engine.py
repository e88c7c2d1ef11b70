"""Spleeter in torch, streaming: 512 frames at a time, the stems' shares of each bin summing to one up to the top."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch.nn import functional as F

from antiphon_wire.errors import AntiphonError, not_ready
from chassis import torch_device as devices
from services.separation.contract import DEFAULT_PLAN, Plan, SeparatedBlock, Tuning
from services.separation.engines.spleeter import network as unet
from services.separation.engines.spleeter.overlap_add import OverlapAdd
from services.separation.mix.framing import (
    CHANNELS,
    HOP,
    PATCH_FRAMES,
    SAMPLE_RATE,
    WINDOW,
    Patch,
    patches,
)
from services.separation.mix.level import check_peak

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.separation.settings import SeparationSettings

BINS = WINDOW // 2 + 1
MODEL_BINS = 1024
"""Bins that the network sees; the rest, from 11 kHz up, is ours."""

EXTENSION_BINS = 32
"""Bins, 345 Hz, whose mean share is taken for everything above the network's band, frame by frame.

Chosen by hiding the network's own shares above a cutoff of 5.5, 8.3 and 9.6 kHz in a sung song: of means over 1 to 512
bins, those over 16 and 32 came closest: 3 to 8 % of the energy-weighted squared error of leaving the band out.
"""

_POWER_FLOOR = 1e-10


class Spleeter:
    """Spleeter's networks, one for each stem; see :class:`services.separation.contract.Separator`.

    The spectrum is masked by each stem's share of the stems' power, as in the original. There the mask ends at 11 kHz
    and what lies above is in no stem. Here the shares go on to the top (``EXTENSION_BINS``): the stems sum to the mix.
    """

    sample_rate = SAMPLE_RATE
    channels = CHANNELS
    precision = "float32"
    needs_level = False
    parameters: Mapping[str, str] = {
        "window": str(WINDOW),
        "hop": str(HOP),
        "patch_frames": str(PATCH_FRAMES),
        "mask_extension": f"mean of the top {EXTENSION_BINS} of {MODEL_BINS} bins",
    }

    def __init__(self, networks: Mapping[str, torch.nn.Module], device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._networks = {stem: network.to(self._device) for stem, network in networks.items()}
        self._window = torch.hann_window(WINDOW, device=self._device)
        self.stems = tuple(networks)
        self.device = devices.describe(self._device)
        self.library_versions: Mapping[str, str] = {
            "numpy": np.__version__,
            "safetensors": importlib.metadata.version("safetensors"),
            "torch": str(torch.__version__),  # a class of its own, which would not pass the worker's wire
        }

    @classmethod
    def stems_of(cls, model: InstalledModel) -> tuple[str, ...]:
        """Reads the stems' names from the header of the weights file."""
        path = _weights_file(model)
        try:
            with safe_open(path, framework="numpy") as file:
                return _stems(path, file.metadata() or {})
        except (OSError, SafetensorError) as error:
            raise _unreadable(path, str(error)) from error

    @classmethod
    def load(cls, model: InstalledModel, settings: SeparationSettings) -> Spleeter:
        """Loads the networks of the model's one safetensors file; see :meth:`Separator.load`."""
        device = devices.choose(settings.device, "SEPARATION_DEVICE")
        torch.set_num_threads(settings.thread_count)
        if device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = False  # the default rounds inputs to 10 bits; we say float32
        path = _weights_file(model)
        try:
            with safe_open(path, framework="pt") as file:
                stems = _stems(path, file.metadata() or {})
                tensors: dict[str, dict[str, torch.Tensor]] = {stem: {} for stem in stems}
                for key in file.keys():  # noqa: SIM118 (safe_open is no mapping)
                    stem, _, name = key.partition(".")
                    if stem not in tensors:
                        raise _unreadable(path, f"{key} belongs to none of the stems {', '.join(stems)}")
                    tensors[stem][name] = file.get_tensor(key)
        except (OSError, SafetensorError) as error:
            raise _unreadable(path, str(error)) from error
        networks = {}
        for stem, named in tensors.items():
            try:
                networks[stem] = unet.build(named)
            except ValueError as error:
                raise _unreadable(path, f"{stem}.{error}") from error
        with devices.memory_told():
            return cls(networks, device)

    def tuned(self, tuning: Tuning) -> Tuning:
        """Refuses every choice: there is none; see :meth:`Separator.tuned`."""
        return tuning.refuse("spleeter")

    def separate(
        self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = lambda: None, plan: Plan = DEFAULT_PLAN
    ) -> Iterator[SeparatedBlock]:
        """Splits a mix while it arrives; see :meth:`Separator.separate`. One block a patch of 11.9 s, and the end."""
        received = 0

        def counted() -> Iterator[np.ndarray]:
            nonlocal received
            for block in blocks:
                received += block.shape[1]
                yield block

        waves = OverlapAdd((len(self.stems), CHANNELS), self._device)
        envelope = OverlapAdd((), self._device)
        lead, sent = WINDOW // 2, 0  # the half window of zeros before the mix is not part of any stem
        for patch in patches(counted()):
            check_peak(patch.samples)
            with torch.inference_mode(), devices.memory_told():
                final = waves.add(self._separate_patch(patch, checkpoint))
                final /= envelope.add((self._window**2).expand(patch.frames, WINDOW))
            skipped = min(lead, final.shape[-1])
            lead -= skipped
            if skipped < final.shape[-1]:
                yield self._block(sent, final[..., skipped:])
                sent += final.shape[-1] - skipped
        if sent < received:
            with torch.inference_mode():
                rest = slice(lead, lead + received - sent)
                final = waves.tail()[..., rest] / envelope.tail()[rest]
            yield self._block(sent, final)

    def _separate_patch(self, patch: Patch, checkpoint: Callable[[], None]) -> torch.Tensor:
        """The windowed frames of every stem: ``(stems, channels, frames, WINDOW)``."""
        samples = torch.from_numpy(patch.samples).to(self._device)
        spectrum = torch.fft.rfft(samples.unfold(-1, WINDOW, HOP) * self._window)  # (channels, frames, bins)
        magnitude = F.pad(spectrum[..., :MODEL_BINS].abs(), (0, 0, 0, PATCH_FRAMES - patch.frames))[None]
        magnitude = magnitude.contiguous(memory_format=torch.channels_last)
        powers = []
        for network in self._networks.values():
            checkpoint()
            powers.append(network(magnitude)[0, :, : patch.frames].square())
        power = torch.stack(powers)
        share = (power + _POWER_FLOOR / len(powers)) / (power.sum(0) + _POWER_FLOOR)
        above = share[..., -EXTENSION_BINS:].mean(-1, keepdim=True).expand(*share.shape[:-1], BINS - MODEL_BINS)
        return torch.fft.irfft(spectrum * torch.cat([share, above], -1), n=WINDOW).mul_(self._window)

    def _block(self, first_frame: int, samples: torch.Tensor) -> SeparatedBlock:
        arrays = samples.cpu().numpy()
        return SeparatedBlock(first_frame, dict(zip(self.stems, arrays, strict=True)))


def _weights_file(model: InstalledModel) -> Path:
    files = [path for name, path in model.files.items() if name.endswith(".safetensors")]
    if len(files) != 1:
        raise not_ready(
            "MODEL_UNREADABLE",
            f"model {model.name} has {len(files)} safetensors files; engine spleeter reads one",
            model=model.name,
            file_count=len(files),
        )
    return files[0]


def _stems(path: Path, metadata: Mapping[str, str]) -> tuple[str, ...]:
    if metadata.get("format") != "spleeter-unet" or metadata.get("sample_rate") != str(SAMPLE_RATE):
        wanted = f"format spleeter-unet, sample_rate {SAMPLE_RATE}"
        raise _unreadable(path, f"its metadata is {dict(metadata)}; wanted {wanted}")
    stems = tuple(stem for stem in metadata.get("stems", "").split(",") if stem)
    if len(stems) < 2 or len(set(stems)) < len(stems):
        raise _unreadable(path, f"its metadata names the stems {stems}; wanted two or more, each once")
    return stems


def _unreadable(path: Path, problem: str) -> AntiphonError:
    return not_ready("MODEL_UNREADABLE", f"{path.name} cannot be used: {problem}", file=path.name, problem=problem)
