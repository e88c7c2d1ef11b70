"""The streaming decoder gives what one decode of all codes gives, however the codes are cut."""

from __future__ import annotations

import hypothesis
import pytest
import torch
from hypothesis import strategies as st
from transformers import EncodecConfig, EncodecModel

from services.generation.engines.musicgen.codec_stream import StreamingDecoder
from standins import tiny_musicgen

# Samples are up to 0.3; rounding of sums in another order gives 1e-7.
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def codec() -> EncodecModel:
    return tiny_musicgen.build("mono").audio_encoder


def codes(frames: int, rows: int = 1, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, tiny_musicgen.ENTRIES, (rows, 4, frames), generator=generator)


@torch.inference_mode()
def streamed(codec: EncodecModel, whole: torch.Tensor, cuts: list[int]) -> torch.Tensor:
    decoder, parts, start = StreamingDecoder(codec), [], 0
    for cut in [*cuts, whole.shape[-1]]:
        parts.append(decoder.push(whole[..., start:cut], last=False))
        start = max(start, cut)
    parts.append(decoder.push(whole[..., :0], last=True))
    return torch.cat(parts, -1)


@hypothesis.given(st.integers(8, 40), st.lists(st.integers(0, 40), max_size=6))
@hypothesis.settings(max_examples=25)
def test_the_samples_do_not_depend_on_the_cuts(codec: EncodecModel, frames: int, cuts: list[int]) -> None:
    whole = codes(frames, rows=2, seed=frames)
    with torch.inference_mode():
        at_once = codec.decode(whole[None], [None]).audio_values[:, 0]
    parts = streamed(codec, whole, sorted(min(cut, frames) for cut in cuts))
    assert parts.shape == at_once.shape == (2, frames * 640)
    assert (parts - at_once).abs().max() < TOLERANCE


def test_the_memory_of_the_codec_is_carried_from_part_to_part(codec: EncodecModel) -> None:
    whole = codes(60)
    with torch.inference_mode():
        at_once = codec.decode(whole[None], [None]).audio_values[0, 0]
        cold = codec.decode(whole[None, ..., 30:], [None]).audio_values[0, 0]
    # The control: a decoder that begins anew at frame 30 is wrong long after the convolutions have forgotten the cut.
    assert (cold[10 * 640 :] - at_once[40 * 640 :]).abs().max() > 20 * TOLERANCE
    assert (streamed(codec, whole, [30])[0] - at_once).abs().max() < TOLERANCE


def test_no_more_than_a_tenth_of_a_second_is_held_back(codec: EncodecModel) -> None:
    with torch.inference_mode():
        given = StreamingDecoder(codec).push(codes(50))
    assert given.shape[-1] >= 45 * 640


def test_a_causal_codec_is_streamed_too() -> None:
    torch.manual_seed(1)
    causal = EncodecModel(EncodecConfig(num_filters=4, hidden_size=16, codebook_dim=16, codebook_size=64)).eval()
    for layer in causal.quantizer.layers:
        layer.codebook.embed.normal_()
    whole = codes(30)
    with torch.inference_mode():
        at_once = causal.decode(whole[None], [None]).audio_values[0]
    parts = streamed(causal, whole, [1, 2, 9, 20])
    assert parts.shape == at_once.shape
    assert (parts - at_once).abs().max() < TOLERANCE


def test_a_codec_that_looks_at_the_whole_is_refused() -> None:
    normed = EncodecModel(EncodecConfig(norm_type="time_group_norm", num_filters=4, hidden_size=16, codebook_dim=16))
    with pytest.raises(ValueError, match="time_group_norm"):
        StreamingDecoder(normed)
