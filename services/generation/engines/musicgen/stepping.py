"""The decoder, one step after the other: with a cache that grows, with one of a fixed size, or compiled.

A cache of fixed size is written in place: nothing is allocated or copied from step to step, every step has the same
shapes, and torch can compile it, on a GPU into one graph that is launched at once.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import nn
from torch.nn.functional import pad
from transformers import DynamicCache, EncoderDecoderCache, StaticCache

from antiphon_wire.errors import AntiphonError, not_ready
from services.generation.engines.musicgen.conditioning import Conditioning

DECODINGS = ("dynamic", "static", "compiled")
_ROUND = 64
"""Lengths of fixed caches and of texts are multiples of it: prompts of about the same length share a compiled step."""


def choose(wanted: str, device: torch.device) -> str:
    """Picks one of ``DECODINGS`` for a setting of ``auto`` or a name of them."""
    return ("static" if device.type == "cuda" else "dynamic") if wanted == "auto" else wanted


def failed_to_compile(error: RuntimeError) -> AntiphonError | None:
    """Makes the error to tell the caller of an error of torch; None where it is not about compiling."""
    compiler = sys.modules.get("torch._dynamo.exc")
    if compiler is None or not isinstance(error, compiler.TorchDynamoException):
        return None
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return not_ready(
        "COMPILE_FAILED",
        f"torch could not compile the step of the model: {said}; it needs a C++ compiler, on a GPU triton; "
        "GENERATION_DECODING=static does without",
        problem=said,
    )


class Stepper:
    """The decoder of a loaded model.

    Args:
        model: A MusicGen of transformers; unless ``dynamic``, its table of positions is replaced by an equal one.
        how: One of ``DECODINGS``.
        most_columns: Columns of tokens that a window may have.
        most_text: Tokens that a text may have.
    """

    def __init__(self, model: Any, how: str, most_columns: int, most_text: int) -> None:
        self._network = model.decoder
        self._how = how
        # The melody model has its tune and its text before the tokens; the others attend to the text beside them.
        self._before = hasattr(model, "audio_enc_to_dec_proj")
        self._columns = _rounded(most_columns)
        self._again = self._network
        if how != "dynamic":
            before = model.config.chroma_length + most_text if self._before else 0
            _fix_positions(self._network.model.decoder, self._before, before + most_columns)
        if how == "compiled":
            # The first step of a window has a length of its own and is not compiled.
            mode = "reduce-overhead" if model.device.type == "cuda" else "default"
            self._again = torch.compile(self._network, dynamic=False, mode=mode)

    def window(self, listening: Conditioning) -> Window:
        """Begins a window that listens to this."""
        return Window(self, listening)


class Window:
    """The steps of one window; see :meth:`Stepper.window`."""

    def __init__(self, stepper: Stepper, listening: Conditioning) -> None:
        self._stepper = stepper
        self._states: torch.Tensor | None = listening.states
        self._mask = listening.mask
        self._begun = False
        config = stepper._network.config
        own: DynamicCache | StaticCache = DynamicCache(config=config)
        if stepper._how != "dynamic":
            before = listening.states.shape[1] if stepper._before else 0
            own = StaticCache(config, max_cache_len=stepper._columns + _rounded(before))
            if not stepper._before and self._mask is not None:
                missing = _rounded(self._mask.shape[1]) - self._mask.shape[1]
                self._states = pad(listening.states, (0, 0, 0, missing))
                self._mask = pad(self._mask, (0, missing))
        self._cache = EncoderDecoderCache(own, DynamicCache(config=config))

    def step(self, columns: torch.Tensor) -> torch.Tensor:
        """Computes one step.

        Args:
            columns: int64, ``(rows, codebooks, n)``: those that no step of this window has had; after the first, one.

        Returns:
            Logits of the last column, ``(rows * codebooks, tokens)``; of use until the next step.
        """
        stepper = self._stepper
        network = stepper._again if self._begun else stepper._network
        if self._begun and stepper._how == "compiled" and columns.device.type == "cuda":
            torch.compiler.cudagraph_mark_step_begin()
        answer = network(
            input_ids=columns.flatten(0, 1),
            encoder_hidden_states=self._states,
            encoder_attention_mask=self._mask,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._begun = True
        if stepper._before:
            self._states = None  # they stood before the first tokens and are in the cache since
        return answer.logits[:, -1]


class _Positions(nn.Module):
    """The library's table of positions, long enough at once: it grows its own by looking at how far a step is."""

    def __init__(self, table: torch.Tensor, embedded: bool) -> None:
        super().__init__()
        self._places = 1 if embedded else 2
        self.register_buffer("weights", table, persistent=False)

    def forward(self, tokens: torch.Tensor, begun: int | torch.Tensor = 0) -> torch.Tensor:
        return self.weights.index_select(0, torch.arange(tokens.shape[self._places], device=tokens.device) + begun)


def _fix_positions(decoder: Any, embedded: bool, most: int) -> None:
    table = decoder.embed_positions
    if most > table.weights.shape[0]:
        table.make_weights(most, table.embedding_dim)
    decoder.embed_positions = _Positions(table.weights, embedded)


def _rounded(length: int) -> int:
    return -(-length // _ROUND) * _ROUND
