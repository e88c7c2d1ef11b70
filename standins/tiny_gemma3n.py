"""A tiny Gemma 3n of random weights as a checkpoint of transformers; what it says means nothing.

With a picture encoder's weights among the others, as a released checkpoint has, which nothing here can build: timm and
torchvision are not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

from services.llm_audio.engines.gemma3n_transformers import HearingGemma3n
from standins.tiny_flamingo import byte_symbols
from standins.tiny_flamingo_checkpoint import make_tokenizer

SPECIAL = ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>")
MEDIA = {
    "image_token": "<image_soft_token>",
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
    "audio_token": "<audio_soft_token>",
    "boa_token": "<start_of_audio>",
    "eoa_token": "<end_of_audio>",
}
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "<start_of_turn>{{ 'model' if m['role'] == 'assistant' else 'user' }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'audio' %}<audio_soft_token>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
VOCABULARY = 512


def write(folder: Path, seed: int = 0) -> Path:
    """Writes the checkpoint into a folder; returns the folder."""
    tokenizer = make_tokenizer(
        byte_symbols(),
        (*SPECIAL, *MEDIA.values()),
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        extra_special_tokens=MEDIA,
    )
    tokenizer.chat_template = TEMPLATE
    tokens = tokenizer.convert_tokens_to_ids
    config = _config(tokens)
    torch.manual_seed(seed)
    network = HearingGemma3n(config).eval()
    network.generation_config.eos_token_id = [tokens("<eos>"), tokens("<end_of_turn>")]
    network.save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.vision_tower.timm_model.conv_stem.conv.weight"] = torch.zeros(8, 3, 3, 3)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    # Saving wrote the name of the class without a picture encoder.
    config.architectures = ["Gemma3nForConditionalGeneration"]
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.Gemma3nAudioFeatureExtractor().save_pretrained(folder)
    return folder


def _config(tokens: Callable[[str], int]) -> transformers.Gemma3nConfig:
    """Configures the smallest network that has every part; ``tokens`` gives the number of a token."""
    text = transformers.Gemma3nTextConfig(
        vocab_size=VOCABULARY,
        vocab_size_per_layer_input=300,
        hidden_size=64,
        hidden_size_per_layer_input=16,
        intermediate_size=128,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=4096,
        sliding_window=64,
        num_kv_shared_layers=0,
        laurel_rank=8,
        altup_num_inputs=2,
        activation_sparsity_pattern=[0.0] * 4,
        layer_types=["sliding_attention"] * 3 + ["full_attention"],
        pad_token_id=tokens("<pad>"),
        eos_token_id=tokens("<eos>"),
        bos_token_id=tokens("<bos>"),
    )
    audio = transformers.Gemma3nAudioConfig(
        vocab_size=8,
        vocab_offset=VOCABULARY - 8,
        hidden_size=64,
        conf_num_attention_heads=2,
        conf_num_hidden_layers=2,
        sscp_conv_channel_size=(16, 8),
    )
    vision = transformers.Gemma3nVisionConfig(hidden_size=64, vocab_size=8, vocab_offset=VOCABULARY - 16)
    return transformers.Gemma3nConfig(
        text_config=text,
        audio_config=audio,
        vision_config=vision,
        image_token_id=tokens("<image_soft_token>"),
        audio_token_id=tokens("<audio_soft_token>"),
        boi_token_id=tokens("<start_of_image>"),
        eoi_token_id=tokens("<end_of_image>"),
        boa_token_id=tokens("<start_of_audio>"),
        eoa_token_id=tokens("<end_of_audio>"),
    )
