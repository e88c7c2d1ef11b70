"""MusicGen and AudioGen as audiocraft runs them, in an environment of its own.

A model is ``model.json`` (``{"kind": "musicgen"}`` or ``"audiogen"``), and ``lm`` and ``compression``, each as
``.json``, the checkpoint's configuration, and ``.safetensors``, its weights: what the released pickles hold. audiocraft
gives a piece when it is whole, so the stream has progress at every step and the audio at its end.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from chassis import torch_device as devices
from chassis.errors import AntiphonError, invalid, not_ready
from services.generation.engine import GeneratedBlock, Order
from services.generation.engines.audiocraft_library import ABSENT, AbsentLibraryError, bring_in
from services.generation.engines.relay import relay

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

MIN_FRAMES = 8
"""Fewest frames that the codec's convolutions can reflect at both ends."""


class Audiocraft:
    """A loaded MusicGen or AudioGen of audiocraft; see :class:`services.generation.engine.Generator`."""

    follows_melody = False

    def __init__(self, model: Any, settings: GenerationSettings) -> None:
        model.max_duration = min(model.max_duration, settings.window_seconds)
        self._model = model
        self._frame_rate = int(model.frame_rate)
        self.sample_rate = int(model.sample_rate)
        self.channels = int(model.audio_channels)
        self.hop = self.sample_rate // self._frame_rate
        self.min_clip_seconds = MIN_FRAMES / self._frame_rate
        self._context = min(settings.context_seconds, model.max_duration / 2)
        self.device = devices.describe(model.device)
        self.precision = "float32" if model.device.type == "cpu" else "float16"
        self.parameters: Mapping[str, str] = {
            "window_seconds": f"{model.max_duration:g}",
            "context_seconds": f"{self._context:g}",
        }
        self.library_versions: Mapping[str, str] = {
            "numpy": np.__version__,
            "torch": str(torch.__version__),
            **{name: importlib.metadata.version(name) for name in ("audiocraft", "safetensors")},
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: GenerationSettings) -> Audiocraft:
        """Loads a checkpoint, ready to generate; see :meth:`Generator.load`."""
        device = devices.choose(settings.device, "GENERATION_DEVICE")
        if settings.precision != "auto":
            raise not_ready(
                "PRECISION_NOT_AVAILABLE",
                f"precision {settings.precision} is asked for; audiocraft chooses it: set GENERATION_PRECISION to auto",
                precision=settings.precision,
            )
        models = bring_in()
        kinds = {"musicgen": models.MusicGen, "audiogen": models.AudioGen}
        try:
            kind = json.loads((model.directory / "model.json").read_text(encoding="utf-8"))["kind"]
            if kind not in kinds:
                raise _unreadable(model, f"its model.json is of kind {kind!r}; wanted {' or '.join(kinds)}")
            _check_conditioners(model)
            codec = _built(models.builders.get_compression_model, model.directory / "compression", device)
            language = _built(models.builders.get_lm_model, model.directory / "lm", device)
            made = kinds[kind](model.name, codec, language, language.cfg.dataset.segment_duration)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, AbsentLibraryError) as error:
            raise _unreadable(model, str(error)) from error
        return cls(made, settings)

    def token_count(self, text: str) -> int:
        """Words: each model counts tokens inside its own conditioner, never fewer than these."""
        return len(text.split())

    def frame_counts(self, seconds: float, clip_samples: int, include_clip: bool) -> tuple[int, int]:
        """Samples of each channel that an order gives: all, and how many of them render the clip."""
        heard = self._heard(clip_samples) if include_clip else 0
        return (self._new_frames(seconds) + heard) * self.hop, heard * self.hop

    def generate(self, order: Order, checkpoint: Callable[[], None] = lambda: None) -> Iterator[GeneratedBlock]:
        """Makes the pieces one after the other; see :meth:`Generator.generate`. The audio comes in the last block."""
        if order.negative_prompt:
            message = "engine audiocraft has no negative prompts; leave it out, or use engine musicgen"
            raise invalid("NEGATIVE_PROMPT", message, field="config.negative_prompt")
        made: list[np.ndarray] = []
        for piece in range(len(order.prompts)):

            def work(tell: Callable[[float], None], piece: int = piece) -> None:
                made.append(self._piece(order, piece, checkpoint, tell))

            for share in relay(work):
                done = (piece + share) / len(order.prompts) * order.seconds
                yield GeneratedBlock(np.zeros((len(order.prompts), self.channels, 0), np.float32), done)
        yield GeneratedBlock(np.stack(made), order.seconds)

    def _piece(
        self, order: Order, piece: int, checkpoint: Callable[[], None], tell: Callable[[float], None]
    ) -> np.ndarray:
        """All samples of a piece, ``(channels, n)``; tells the share of its steps that are done."""
        chosen, clip = order.sampling, order.continuation
        heard = 0 if clip is None else self._heard(clip.shape[1])
        frames = heard + self._new_frames(order.seconds)

        def step(done: int, _: int) -> None:
            checkpoint()
            tell(min(1.0, max(0, done - heard) / (frames - heard)))

        self._model.set_generation_params(
            duration=(frames + 0.5) / self._frame_rate,  # it rounds down
            use_sampling=chosen.temperature > 0,
            temperature=chosen.temperature or 1.0,
            top_k=min(chosen.top_k, self._model.lm.card),
            top_p=chosen.top_p if chosen.top_p < 1 else 0.0,
            cfg_coef=chosen.guidance_scale,
            extend_stride=self._model.max_duration - self._context,
        )
        self._model.set_custom_progress_callback(step)
        text = order.prompts[piece] or None
        torch.manual_seed(order.seeds[piece])
        try:
            if clip is None:
                wave = self._model.generate([text], progress=True)
            else:
                given = torch.from_numpy(np.ascontiguousarray(clip[:, -heard * self.hop :]))[None]
                wave = self._model.generate_continuation(given, self.sample_rate, [text], progress=True)
        except RuntimeError as error:
            if (told := devices.out_of_memory(error)) is None:
                raise
            raise told from error
        samples: np.ndarray = wave[0].float().cpu().numpy()
        return samples[:, (0 if order.include_clip else heard * self.hop) : frames * self.hop]

    def _heard(self, clip_samples: int) -> int:
        return min(-(-clip_samples // self.hop), int(self._context * self._frame_rate))

    def _new_frames(self, seconds: float) -> int:
        return max(MIN_FRAMES, round(seconds * self._frame_rate))


def _check_conditioners(model: InstalledModel) -> None:
    """Refuses, in words, what the library would fail at, or go to a hub for."""
    config = json.loads((model.directory / "lm.json").read_text(encoding="utf-8"))
    for name, conditioner in (config.get("conditioners") or {}).items():
        kind = conditioner.get("model")
        if kind in ("t5", "clap"):
            which = conditioner[kind].get("name", kind)
            raise _unreadable(
                model, f"it hears {name} through {which}, which is no part of it and would be fetched from a hub"
            )
        if kind == "chroma_stem":
            raise _unreadable(model, f"it follows {name} by chroma: {ABSENT['torchaudio']} need torchaudio")


def _built(build: Callable[[Any], Any], path: Path, device: torch.device) -> Any:
    """A part of a checkpoint, by the library's own builder, with its weights and its configuration as ``cfg``."""
    from omegaconf import OmegaConf

    config = OmegaConf.create(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    config.device = str(device)
    config.dtype = "float32" if device.type == "cpu" else "float16"
    part = build(config)
    part.load_state_dict(load_file(path.with_suffix(".safetensors"), device=str(device)))
    part.cfg = config
    return part.eval().requires_grad_(False)


def _unreadable(model: InstalledModel, problem: str) -> AntiphonError:
    return not_ready(
        "MODEL_UNREADABLE", f"model {model.name} cannot be used: {problem}", model=model.name, problem=problem
    )
