"""MusicGen in transformers: token by token, decoded while the tokens are made, in windows that hang together.

transformers' own ``generate`` gives nothing away before its end (its ``streamer`` is not handed on), so the steps are
taken here, on its model classes. Given the same draws they give the same codes as ``generate`` (tested).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chassis import torch_device as devices
from chassis.audio.mixdown import to_mono
from chassis.models.trial import blaming
from chassis.out_of_memory import out_of_memory
from services.generation.contract import GeneratedBlock, Order, Sampling
from services.generation.engines.musicgen import loading, stepping
from services.generation.engines.musicgen.codec_stream import StreamingDecoder
from services.generation.engines.musicgen.conditioning import Conditioning, listen_to
from services.generation.engines.musicgen.delay import DelayedCodes
from services.generation.engines.musicgen.sampling import Sampler
from services.generation.engines.musicgen.stepping import Stepper
from services.generation.melody import chroma
from services.generation.order.trial import try_out

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

PROGRESS_STEPS = 5
"""Steps after which a block without samples tells how far it is; a step of the large model takes seconds on a CPU."""
MIN_FRAMES = 8
"""Fewest frames that the codec's convolutions can reflect at both ends."""


class MusicGen:
    """A loaded checkpoint, mono, stereo or melody; see :class:`services.generation.contract.Generator`."""

    def __init__(self, model: Any, tokenizer: Any, settings: GenerationSettings) -> None:
        config = model.config
        self._model = model
        self._tokenizer = tokenizer
        self._codebooks: int = config.decoder.num_codebooks
        self._start_token: int = model.generation_config.decoder_start_token_id
        self._frame_rate: int = config.audio_encoder.frame_rate
        self.channels: int = config.decoder.audio_channels
        self.sample_rate: int = config.audio_encoder.sampling_rate
        self.hop = self.sample_rate // self._frame_rate
        self.follows_melody = hasattr(model, "audio_enc_to_dec_proj")
        self.longest_seconds: float | None = None
        self.sampling = Sampling()
        self.min_clip_seconds = MIN_FRAMES / self._frame_rate
        self._window = self._frames(settings.window_seconds)
        self._context = self._frames(settings.context_seconds)
        self._block = max(1, self._frames(settings.block_seconds))
        decoding = stepping.choose(settings.decoding, model.device)
        self._stepper = Stepper(model, decoding, self._window + self._codebooks, settings.max_prompt_tokens)
        self.device = devices.describe(model.device)
        self.precision = str(model.decoder.dtype).removeprefix("torch.")
        self.parameters: Mapping[str, str] = {
            "window_seconds": f"{settings.window_seconds:g}",
            "context_seconds": f"{settings.context_seconds:g}",
            "decoding": decoding,
        }
        self.library_versions = loading.versions()

    @classmethod
    def load(cls, model: InstalledModel, settings: GenerationSettings) -> MusicGen:
        """Loads a checkpoint, ready to generate; see :meth:`Generator.load`."""
        network, tokenizer = loading.load(model, settings)
        with blaming(model, network.device):
            made = cls(network, tokenizer, settings)
        try_out(model, made, network.device)
        return made

    def token_count(self, text: str) -> int:
        """Tokens of a prompt, its end included."""
        return len(self._tokenizer(text).input_ids)

    def frame_counts(self, seconds: float, clip_samples: int, include_clip: bool) -> tuple[int, int]:
        """Samples of each channel that an order gives: all, and how many of them render the clip."""
        heard = min(-(-clip_samples // self.hop), self._context) if include_clip else 0
        return (self._new_frames(seconds) + heard) * self.hop, heard * self.hop

    def generate(self, order: Order, checkpoint: Callable[[], None] = lambda: None) -> Iterator[GeneratedBlock]:
        """Makes all pieces together; see :meth:`Generator.generate`."""
        try:
            yield from self._generate(order, checkpoint)
        except RuntimeError as error:
            told = out_of_memory(error) or stepping.failed_to_compile(error)
            if told is None:
                raise
            raise told from error

    def _new_frames(self, seconds: float) -> int:
        return max(MIN_FRAMES, self._frames(seconds))

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._frame_rate)

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped
    def _generate(self, order: Order, checkpoint: Callable[[], None]) -> Iterator[GeneratedBlock]:
        tune = None if order.melody is None else chroma.chroma(to_mono(order.melody, self.sample_rate)[0])
        guided = order.sampling.guidance_scale > 1 and (tune is not None or any(order.prompts))
        sampler = Sampler(order.sampling, order.seeds, guided, self._model.device)
        codes = self._clip_codes(order)
        audio = _Audio(self._model.audio_encoder, self.channels, self._block)
        if not order.include_clip:
            audio.leave_out(codes.shape[-1] * self.hop)
        clip = audio.feed(codes)
        if clip.shape[-1]:
            yield GeneratedBlock(clip, 0.0)

        made, wanted, listening = 0, self._new_frames(order.seconds), None
        while made < wanted:
            # Prompts say the same in every window; a tune has gone on since the last one.
            if listening is None or tune is not None:
                heard = None if tune is None else self._tune_from(tune, made - codes.shape[-1])
                listening = listen_to(self._model, self._tokenizer, order.prompts, order.negative_prompt, guided, heard)
            new = min(self._window - codes.shape[-1], wanted - made)
            window = DelayedCodes(codes, new, self.channels, self._start_token)
            fed = codes.shape[-1]
            for step, whole in enumerate(self._steps(window, listening, sampler, checkpoint), 1):
                samples = audio.feed(window.codes[..., fed:whole], last=made + whole - codes.shape[-1] == wanted)
                fed = whole
                if samples.shape[-1] or step % PROGRESS_STEPS == 0:
                    yield GeneratedBlock(samples, (made + whole - codes.shape[-1]) / self._frame_rate)
            made += new
            # What the next window begins with: codes, not samples, so that nothing is encoded a second time.
            codes = window.codes[..., -self._context :]

    def _steps(
        self, window: DelayedCodes, listening: Conditioning, sampler: Sampler, checkpoint: Callable[[], None]
    ) -> Iterator[int]:
        """Fills the window; yields, after each step, how many of its frames are whole."""
        columns, decoder = window.first(), self._stepper.window(listening)
        for _ in range(window.step_count):
            checkpoint()
            scores = decoder.step(torch.cat([columns, columns]) if listening.guided else columns)
            columns = window.add(sampler(scores))
            yield window.whole

    def _clip_codes(self, order: Order) -> torch.Tensor:
        """The codes of the clip's end, ``(pieces, codebooks, frames)``, the same for each piece; no frames without."""
        pieces = len(order.prompts)
        if order.continuation is None:
            return torch.zeros(pieces, self._codebooks, 0, dtype=torch.long, device=self._model.device)
        samples = order.continuation[:, -self._context * self.hop :]
        codec = self._model.audio_encoder
        wave = torch.from_numpy(np.ascontiguousarray(samples)).to(codec.device, codec.dtype)
        # Each channel is coded by itself: (channels, codebooks, frames), then left and right in turn.
        codes = codec.encode(wave[:, None]).audio_codes[0]
        return codes.transpose(0, 1).flatten(0, 1)[None].expand(pieces, -1, -1)

    def _tune_from(self, tune: np.ndarray, first_frame: int) -> torch.Tensor:
        """The tune as a window hears it that begins at a frame of the codes; it comes again where it ends."""
        start = round(first_frame / self._frame_rate * chroma.SAMPLE_RATE / chroma.HOP)
        places = (start + np.arange(self._model.config.chroma_length)) % len(tune)
        return torch.from_numpy(tune[places])


class _Audio:
    """The samples of all pieces out of their codes: one decode through all windows, a block at a time."""

    def __init__(self, codec: Any, channels: int, block_frames: int) -> None:
        self._decoder = StreamingDecoder(codec)
        self._channels = channels
        self._block = block_frames
        self._pending: list[torch.Tensor] = []
        self._leave_out = 0

    def leave_out(self, samples: int) -> None:
        """Drops that many samples of each channel from the front."""
        self._leave_out += samples

    def feed(self, codes: torch.Tensor, *, last: bool = False) -> np.ndarray:
        """Takes ``(pieces, codebooks, n)``, gives float32 ``(pieces, channels, m)`` once a block is there."""
        self._pending.append(codes)
        if not last and sum(each.shape[-1] for each in self._pending) < self._block:
            return np.zeros((codes.shape[0], self._channels, 0), np.float32)
        whole = torch.cat(self._pending, -1)
        self._pending.clear()
        sides = whole.unflatten(1, (-1, self._channels)).transpose(1, 2).flatten(0, 1)
        samples = self._decoder.push(sides, last=last).unflatten(0, (-1, self._channels))
        skipped = min(self._leave_out, samples.shape[-1])
        self._leave_out -= skipped
        block: np.ndarray = samples[..., skipped:].cpu().numpy()
        return block
