"""MusicGen, AudioGen and MAGNeT as audiocraft runs them, in an environment of its own.

audiocraft gives a piece when it is whole, so the stream has progress at every step and the audio at its end.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from antiphon_wire.errors import invalid, not_ready
from chassis import torch_device as devices
from chassis.bridge import relay
from chassis.models.trial import blaming
from chassis.out_of_memory import out_of_memory
from services.generation.contract import GeneratedBlock, Order, Sampling
from services.generation.engines.audiocraft import loading
from services.generation.order.trial import try_out

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

MIN_FRAMES = 8
"""Fewest frames that the codec's convolutions can reflect at both ends."""


MAGNET_SAMPLING = Sampling(temperature=3.0, top_k=0, top_p=0.9, guidance_scale=10.0)
"""What MAGNeT's authors generate with; temperature and guidance are those at the beginning, and fall from there."""


class Audiocraft:
    """A loaded model of audiocraft; see :class:`services.generation.contract.Generator`.

    Args:
        kind: ``musicgen``, ``audiogen`` or ``magnet``.
        model: The library's object of it.
        settings: How to generate.
        diffusion: Multi-band diffusion that makes the audio of the codes, instead of the codec; None for none.
    """

    def __init__(self, kind: str, model: Any, settings: GenerationSettings, diffusion: Any = None) -> None:
        self._model = model
        self._diffusion = diffusion
        self._frame_rate = int(model.frame_rate)
        self.sample_rate = int(model.sample_rate)
        self.channels = int(model.audio_channels)
        self.hop = self.sample_rate // self._frame_rate
        self.follows_melody = "self_wav" in model.lm.condition_provider.conditioners
        self.min_clip_seconds = MIN_FRAMES / self._frame_rate
        self.longest_seconds: float | None = None
        self.sampling = Sampling()
        self._most_frames: int | None = None
        if kind == "magnet":
            # It fills one window at once, in spans of so many frames.
            self.longest_seconds = float(model.max_duration)
            self.sampling = MAGNET_SAMPLING
            self._most_frames = int(model.max_duration * self._frame_rate) // model.lm.span_len * model.lm.span_len
        else:
            model.max_duration = min(model.max_duration, settings.window_seconds)
        self._context = min(settings.context_seconds, model.max_duration / 2)
        if diffusion is not None:
            model.generate_audio = diffusion.tokens_to_wav
        self.device = devices.describe(model.device)
        self.precision = "float32" if model.device.type == "cpu" else "float16"
        self.parameters: Mapping[str, str] = {
            "window_seconds": f"{model.max_duration:g}",
            "context_seconds": f"{self._context:g}",
            "decoder": "codec" if diffusion is None else "multi-band diffusion",
        }
        self.library_versions: Mapping[str, str] = {
            "numpy": np.__version__,
            "torch": str(torch.__version__),
            **{name: importlib.metadata.version(name) for name in ("audiocraft", "safetensors", "transformers")},
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
        with blaming(model, device):
            kind, made, diffusion = loading.load(model, device)
            engine = cls(kind, made, settings, diffusion)
        try_out(model, engine, device)
        return engine

    def token_count(self, text: str) -> int:
        """Counts words: each model counts tokens inside its own conditioner, never fewer than these."""
        return len(text.split())

    def frame_counts(self, seconds: float, clip_samples: int, include_clip: bool) -> tuple[int, int]:
        """Samples of each channel that an order gives: all, and how many of them render the clip."""
        new = self._new_frames(seconds)
        heard = self._heard(clip_samples, new) if clip_samples else 0
        kept = heard if include_clip else 0
        return (new + kept) * self.hop, kept * self.hop

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
        clip, new = order.continuation, self._new_frames(order.seconds)
        heard = 0 if clip is None else self._heard(clip.shape[1], new)

        def step(done: int, steps: int) -> None:
            checkpoint()
            # MAGNeT counts its steps, the others count frames, the clip's included.
            share = done / steps if self._most_frames is not None else (done - heard) / new
            tell(min(1.0, max(0.0, share)))

        self._prepare(order, heard + new)
        self._model.set_custom_progress_callback(step)
        torch.manual_seed(order.seeds[piece])
        hooks = [process.model.register_forward_pre_hook(lambda *_: checkpoint()) for process in self._processes]
        try:
            wave = self._made(order.prompts[piece] or None, clip, order.melody, heard)
        except RuntimeError as error:
            if (told := out_of_memory(error)) is None:
                raise
            raise told from error
        finally:
            for hook in hooks:
                hook.remove()
        samples: np.ndarray = wave[0].float().cpu().numpy()
        return samples[:, (0 if order.include_clip else heard * self.hop) : (heard + new) * self.hop]

    @property
    def _processes(self) -> list[Any]:
        return [] if self._diffusion is None else self._diffusion.DPs

    def _prepare(self, order: Order, frames: int) -> None:
        chosen = order.sampling
        wanted: dict[str, Any] = {
            "use_sampling": chosen.temperature > 0,
            "temperature": chosen.temperature or 1.0,
            "top_k": min(chosen.top_k, self._model.lm.card),
            "top_p": chosen.top_p if chosen.top_p < 1 else 0.0,
        }
        if self._most_frames is not None:
            wanted.update(max_cfg_coef=chosen.guidance_scale, min_cfg_coef=1.0)
        else:
            wanted.update(
                cfg_coef=chosen.guidance_scale,
                duration=(frames + 0.5) / self._frame_rate,  # it rounds down
                extend_stride=self._model.max_duration - self._context,
            )
        self._model.set_generation_params(**wanted)

    def _made(self, text: str | None, clip: np.ndarray | None, melody: np.ndarray | None, heard: int) -> Any:
        if melody is not None:
            tune = [torch.from_numpy(np.ascontiguousarray(melody))]
            return self._model.generate_with_chroma([text], tune, self.sample_rate, progress=True)
        if clip is not None:
            given = torch.from_numpy(np.ascontiguousarray(clip[:, -heard * self.hop :]))[None]
            return self._model.generate_continuation(given, self.sample_rate, [text], progress=True)
        return self._model.generate([text], progress=True)

    def _heard(self, clip_samples: int, new_frames: int) -> int:
        """Frames of a clip that the model knows, where so many new ones follow."""
        heard = min(-(-clip_samples // self.hop), int(self._context * self._frame_rate))
        if self._most_frames is None:
            return heard
        room = self._most_frames - new_frames
        if room < MIN_FRAMES:
            most = (self._most_frames - MIN_FRAMES) / self._frame_rate
            raise invalid(
                "DURATION_OUT_OF_RANGE",
                f"the model makes {self.longest_seconds:g} s, of what it hears of the clip and what is new together; "
                f"ask for at most {most:g} s",
                field="config.duration",
                most=f"{most:g}",
            )
        return min(heard, room)

    def _new_frames(self, seconds: float) -> int:
        wanted = max(MIN_FRAMES, round(seconds * self._frame_rate))
        return wanted if self._most_frames is None else min(wanted, self._most_frames)
