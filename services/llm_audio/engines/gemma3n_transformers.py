"""Gemma 3n by transformers: hears speech, 30 s at a time; its picture encoder is neither built nor loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from transformers import AutoModel, Gemma3nAudioFeatureExtractor, Gemma3nForConditionalGeneration
from transformers.models.gemma3n.modeling_gemma3n import (
    Gemma3nModel,
    Gemma3nMultimodalEmbedder,
    Gemma3nPreTrainedModel,
)

from chassis import torch_device
from chassis.models import InstalledModel
from chassis.models.figures import check_figures
from chassis.models.refusal import unreadable
from services.llm_audio.contract import SAMPLE_RATE, Checkpoint
from services.llm_audio.hearing.passages import cut, passages
from services.llm_audio.on_transformers import loading
from services.llm_audio.on_transformers.chat import Chat
from services.llm_audio.on_transformers.session import Session
from services.llm_audio.on_transformers.trial import blaming, try_out
from services.llm_audio.on_transformers.writing import Heard, Writer, new_cache
from services.llm_audio.settings import LlmAudioSettings

MAX_SECONDS = 30.0
"""What the encoder hears at once; the feature extractor leaves out the rest without a word."""

_ARCHITECTURE = "Gemma3nForConditionalGeneration"
_MIN_SAMPLES = SAMPLE_RATE // 5
"""0.2 s: of less, the encoder's two strided convolutions leave nothing to attend to."""


class HearingModel(Gemma3nModel):
    """Gemma 3n's body without its picture encoder, which needs timm and torchvision and is of no use for sound."""

    def __init__(self, config: Any) -> None:
        Gemma3nPreTrainedModel.__init__(self, config)
        text, audio = config.text_config, config.audio_config
        self.vocab_size = text.vocab_size
        self.vocab_size_per_layer_input = text.vocab_size_per_layer_input
        self.language_model = AutoModel.from_config(text)
        self.audio_tower = AutoModel.from_config(audio)
        # Tokens that stand for pictures have embeddings that every prompt passes by.
        self.embed_vision = Gemma3nMultimodalEmbedder(config.vision_config, text)
        self.embed_audio = Gemma3nMultimodalEmbedder(audio, text)
        self.post_init()


class HearingGemma3n(Gemma3nForConditionalGeneration):
    """Gemma 3n that hears and reads; the picture encoder's weights in a checkpoint are passed over."""

    _keys_to_ignore_on_load_unexpected = (r"^model\.vision_tower\.",)

    def __init__(self, config: Any) -> None:
        Gemma3nPreTrainedModel.__init__(self, config)
        self.model = HearingModel(config)
        self.lm_head = torch.nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()


class Gemma3nTransformers:
    """Gemma 3n E2B or E4B; see :class:`services.llm_audio.contract.LanguageModel`.

    A recording is heard in passages of at most 30 s, cut where it is quiet.

    Args:
        network: The model.
        features: Its feature extractor.
        tokenizer: Its tokenizer, with the tokens that stand for audio.
        settings: The service's.
    """

    hears = True
    by_rule = False
    repeat_penalty = 1.0

    def __init__(self, network: HearingGemma3n, features: Any, tokenizer: Any, settings: LlmAudioSettings) -> None:
        self._network, self._features = network, features
        self._count: int = self._network.config.audio_soft_tokens_per_image
        sounds = tokenizer.audio_token * self._count
        self._sounds = f"\n\n{tokenizer.boa_token}{sounds}{tokenizer.eoa_token}\n\n"
        self._chat = Chat(tokenizer, tokenizer.audio_token)
        self._writer = Writer(self._network, tokenizer, settings.context_tokens, settings.batch_tokens)
        self.device = torch_device.describe(self._network.device)
        self.precision = str(self._network.dtype).removeprefix("torch.")
        self.library_versions: Mapping[str, str] = loading.versions()
        self.parameters: Mapping[str, str] = {
            "context_tokens": f"{settings.context_tokens} and {self._count} of the audio",
            "attention": settings.attention,
            "architecture": _ARCHITECTURE,
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Loads a checkpoint: config.json, safetensors, tokenizer, preprocessor_config.json, chat_template.jinja.

        Raises:
            AntiphonError: MODEL_UNREADABLE, NO_CHAT_TEMPLATE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE,
                ATTENTION_NOT_AVAILABLE.
        """
        loading.architecture(model, (_ARCHITECTURE,))
        with blaming(model):
            check_figures(model)
            tokenizer = loading.tokenizer(model)
            features = Gemma3nAudioFeatureExtractor.from_pretrained(model.directory, local_files_only=True)
            missing = [each for each in ("audio_token", "boa_token", "eoa_token") if not getattr(tokenizer, each, None)]
            if missing:
                raise unreadable(model, f"its tokenizer has no {' and no '.join(missing)}")
            network = loading.load(model, settings, HearingGemma3n)
            made = cls(network, features, tokenizer, settings)
        try_out(model, made, network.device)
        return made

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> Session:
        """Begins with a recording: mono float32 (n,) at 16 kHz."""
        assert audio is not None, "the job refuses a call without audio"
        cuts = cut(audio, MAX_SECONDS)
        samples = [audio[first:last] for first, last in cuts]
        return Session(self._hear, self._chat, self._writer, passages(cuts, start_seconds), samples)

    def _hear(self, before: str, samples: np.ndarray, checkpoint: Checkpoint) -> Heard:
        """Reads a text and the audio behind it into a new cache; audio of any length has the same number of tokens."""
        padded = np.pad(samples, (0, max(0, _MIN_SAMPLES - samples.size)))
        inputs = self._features(padded, return_tensors="pt")
        tokens = self._chat.tokens(before + self._sounds)
        cache = new_cache(self._network)
        # One step: the network puts the sounds in the places of their tokens by itself, all or none.
        self._writer.read(
            cache,
            checkpoint,
            input_ids=torch.tensor([tokens], device=self._network.device),
            input_features=inputs.input_features.to(self._network.device, self._network.dtype),
            input_features_mask=inputs.input_features_mask.to(self._network.device),
        )
        return Heard(cache, len(tokens), self._count)
