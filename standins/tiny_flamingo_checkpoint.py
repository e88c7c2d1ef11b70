"""The tiny Music Flamingo of ``tiny_flamingo`` as a checkpoint of transformers: the same weights under other names.

Saved by transformers itself, so that what loads it is the code that loads a released checkpoint. Of Audio Flamingo 3's
architecture, or of Music Flamingo's own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from standins import tiny_flamingo as tiny

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'audio' %}<sound>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_NAMES = (
    (r"token_embd\.", "language_model.embed_tokens."),
    (r"^output_norm\.", "language_model.norm."),
    (r"^output\.", "lm_head."),
    (r"^blk\.", "language_model.layers."),
    (r"attn_norm", "input_layernorm"),
    (r"ffn_norm", "post_attention_layernorm"),
    (r"attn_([qkv])\.", r"self_attn.\1_proj."),
    (r"attn_output", "self_attn.o_proj"),
    (r"ffn_gate", "mlp.gate_proj"),
    (r"(language.*)ffn_(up|down)", r"\1mlp.\2_proj"),
    (r"a\.conv1d\.", "audio_tower.conv"),
    (r"a\.position_embd", "audio_tower.embed_positions"),
    (r"a\.post_ln", "audio_tower.layer_norm"),
    (r"^a\.blk\.", "audio_tower.layers."),
    (r"\.ln1", ".self_attn_layer_norm"),
    (r"\.ln2", ".final_layer_norm"),
    (r"attn_out\.", "self_attn.out_proj."),
    (r"ffn_up", "fc1"),
    (r"ffn_down", "fc2"),
    (r"mm\.a\.mlp\.", "multi_modal_projector.linear_"),
)


def write(folder: Path, kind: str = "AudioFlamingo3", dtype: torch.dtype = torch.float32) -> Path:
    """Writes a checkpoint of ``kind`` (or MusicFlamingo) into a folder; returns the folder."""
    tokenizer = make_tokenizer(tiny.byte_symbols(), tiny.CONTROL)
    tokens = tokenizer.convert_tokens_to_ids
    audio = transformers.AudioFlamingo3EncoderConfig(
        num_mel_bins=tiny.MELS,
        hidden_size=tiny.WIDTH,
        intermediate_size=tiny.INNER,
        num_hidden_layers=tiny.ENCODER_LAYERS,
        num_attention_heads=tiny.HEADS,
        max_source_positions=tiny.POSITIONS,
    )
    text = transformers.Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=tiny.WIDTH,
        intermediate_size=tiny.INNER,
        num_hidden_layers=tiny.LAYERS,
        num_attention_heads=tiny.HEADS,
        num_key_value_heads=tiny.HEADS // 2,
        max_position_embeddings=32_768,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    common: dict[str, Any] = {"audio_config": audio, "text_config": text, "audio_token_id": tokens("<sound>")}
    if kind == "MusicFlamingo":
        common |= {"audio_bos_token_id": tokens("<|sound_bos|>"), "audio_eos_token_id": tokens("<|sound_eos|>")}
    network = getattr(transformers, f"{kind}ForConditionalGeneration")(getattr(transformers, f"{kind}Config")(**common))
    network.load_state_dict(_weights())
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.to(dtype).save_pretrained(folder)
    features = transformers.WhisperFeatureExtractor(feature_size=tiny.MELS, chunk_length=30, return_attention_mask=True)
    processor = getattr(transformers, f"{kind}Processor")
    processor(feature_extractor=features, tokenizer=tokenizer, chat_template=TEMPLATE).save_pretrained(folder)
    return folder


def make_tokenizer(symbols: list[str], special: tuple[str, ...], **named: Any) -> Any:
    """Makes a byte-level tokenizer without merges, each of ``special`` a token after the bytes."""
    core = Tokenizer(models.BPE(vocab={symbol: index for index, symbol in enumerate(symbols)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(list(special))
    named = named or {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=core, **named)


def _weights() -> dict[str, torch.Tensor]:
    found = {}
    for name, values in {**tiny.language_tensors(), **tiny.projector_tensors()}.items():
        for pattern, replacement in _NAMES:
            name = re.sub(pattern, replacement, name)
        flat = name.startswith("audio_tower.conv") and name.endswith("bias")
        kept = torch.from_numpy(np.ascontiguousarray(values[:, 0] if flat else values))
        found[name if name.startswith("lm_head") else f"model.{name}"] = kept
    return found
