"""What the decoder listens to: prompts through the text encoder, a melody's chroma, the silent half for guidance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Conditioning:
    """Hidden states for the decoder.

    Attributes:
        states: ``(rows, length, width of the decoder)``; a row for each piece, and where guided as many again that
            stand for "not this".
        mask: int64, ``(rows, length)``, 0 where there is nothing; None where every place counts.
        guided: Whether the second half is there.
    """

    states: torch.Tensor
    mask: torch.Tensor | None
    guided: bool


def listen_to(
    model: Any, tokenizer: Any, prompts: Sequence[str], negative: str, guided: bool, chroma: torch.Tensor | None = None
) -> Conditioning:
    """Computes what the decoder is conditioned on, as the published models do.

    Args:
        model: A MusicGen of transformers; with an ``audio_enc_to_dec_proj``, the melody model.
        tokenizer: Its tokenizer.
        prompts: A text for each piece; empty for none.
        negative: What takes the place of "no prompt" in the second half; empty for nothing.
        guided: Whether to add the second half.
        chroma: One-hot pitch classes ``(frames, classes)``, repeated or cut to the model's length; None for no melody.
    """
    texts = [*prompts, *([negative] * len(prompts) if guided else [])]
    states, mask = _text(model, tokenizer, texts)
    if not hasattr(model, "audio_enc_to_dec_proj"):
        return Conditioning(states, mask, guided)
    config = model.config
    silent = torch.zeros(len(texts), 1, config.num_chroma, device=states.device, dtype=states.dtype)
    silent[..., 0] = 1
    tune = silent.repeat(1, config.chroma_length, 1)
    if chroma is not None:
        times = math.ceil(config.chroma_length / chroma.shape[0])
        tune[: len(prompts)] = chroma.to(tune).repeat(times, 1)[: config.chroma_length]
    # The melody model has no cross-attention: tune and text stand before the tokens, and every place of them counts.
    return Conditioning(torch.cat([model.audio_enc_to_dec_proj(tune), states], 1), None, guided)


def _text(model: Any, tokenizer: Any, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """States and mask of each text; those of an empty one are zeros."""
    tokens = tokenizer([text or " " for text in texts], padding=True, return_tensors="pt").to(model.device)
    spoken = torch.tensor([bool(text) for text in texts], device=model.device)
    mask = tokens.attention_mask * spoken[:, None]
    states = torch.zeros(
        *mask.shape, model.config.text_encoder.hidden_size, device=model.device, dtype=model.text_encoder.dtype
    )
    if spoken.any():
        states[spoken] = model.text_encoder(
            input_ids=tokens.input_ids[spoken], attention_mask=tokens.attention_mask[spoken]
        ).last_hidden_state
    if model.config.text_encoder.hidden_size != model.config.decoder.hidden_size:
        states = model.enc_to_dec_proj(states)
    return states * mask[..., None], mask
