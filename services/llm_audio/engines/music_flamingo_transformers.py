"""Music Flamingo by transformers: Audio Flamingo 3's classes, and the 2601 checkpoint's, which times its sounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
import transformers
from transformers.models.musicflamingo.modeling_musicflamingo import apply_rotary_time_emb

from chassis import torch_device
from chassis.models import InstalledModel
from chassis.models.figures import check_figures
from services.llm_audio.contract import SAMPLE_RATE, Checkpoint
from services.llm_audio.hearing import flamingo_windows
from services.llm_audio.hearing.passages import cut, passages
from services.llm_audio.on_transformers import loading
from services.llm_audio.on_transformers.chat import Chat
from services.llm_audio.on_transformers.session import Session
from services.llm_audio.on_transformers.trial import blaming, try_out
from services.llm_audio.on_transformers.writing import Heard, Writer, new_cache
from services.llm_audio.settings import LlmAudioSettings

_PROCESSORS = {
    "AudioFlamingo3ForConditionalGeneration": "AudioFlamingo3Processor",
    "MusicFlamingoForConditionalGeneration": "MusicFlamingoProcessor",
}


class MusicFlamingoTransformers:
    """A language model that hears, by transformers; see :class:`services.llm_audio.contract.LanguageModel`.

    A checkpoint of Audio Flamingo 3's architecture hears ten minutes at once, in the windows that the GGUF engine hears
    too; one of Music Flamingo's own hears what its processor names, twenty minutes, without padding.

    Args:
        network: One of the classes that ``_PROCESSORS`` names.
        processor: Its processor.
        tokenizer: Its tokenizer.
        settings: The service's.
    """

    hears = True
    by_rule = False
    repeat_penalty = 1.0

    def __init__(self, network: Any, processor: Any, tokenizer: Any, settings: LlmAudioSettings) -> None:
        name = type(network).__name__
        self._network, self._processor = network, processor
        self._shares_frames = name.startswith("AudioFlamingo3")
        self._chat = Chat(tokenizer, self._processor.audio_token)
        self._writer = Writer(self._network, tokenizer, settings.context_tokens, settings.batch_tokens)
        self.device = torch_device.describe(self._network.device)
        self.precision = str(self._network.dtype).removeprefix("torch.")
        self.library_versions: Mapping[str, str] = loading.versions()
        self.parameters: Mapping[str, str] = {
            "context_tokens": f"{settings.context_tokens} and those of the audio",
            "attention": settings.attention,
            "architecture": name,
        }

    @classmethod
    def load(cls, model: InstalledModel, settings: LlmAudioSettings) -> Self:
        """Loads a checkpoint: config.json, safetensors, tokenizer, processor_config.json, chat_template.jinja.

        Raises:
            AntiphonError: MODEL_UNREADABLE, NO_CHAT_TEMPLATE, OUT_OF_MEMORY, DEVICE_NOT_AVAILABLE,
                ATTENTION_NOT_AVAILABLE.
        """
        name = loading.architecture(model, _PROCESSORS)
        with blaming(model):
            check_figures(model)
            tokenizer = loading.tokenizer(model)
            processor = getattr(transformers, _PROCESSORS[name]).from_pretrained(model.directory, local_files_only=True)
            network = loading.load(model, settings, getattr(transformers, name))
            made = cls(network, processor, tokenizer, settings)
        try_out(model, made, network.device)
        return made

    def open(self, audio: np.ndarray | None, start_seconds: float = 0.0) -> Session:
        """Begins with a recording: mono float32 (n,) at 16 kHz."""
        assert audio is not None, "the job refuses a call without audio"
        if self._shares_frames:
            found, samples = flamingo_windows.listen(audio, start_seconds)
        else:
            cuts = cut(audio, self._processor.max_audio_len)
            found, samples = passages(cuts, start_seconds), [audio[first:last] for first, last in cuts]
        return Session(self._hear, self._chat, self._writer, found, samples)

    def _hear(self, before: str, samples: np.ndarray, checkpoint: Checkpoint) -> Heard:
        """Reads a text and the audio behind it into a new cache: the text's tokens, the encoder's, the end's."""
        encoded = self._encode(samples, checkpoint)
        sounds = self._processor.replace_audio_token({"num_audio_tokens": [encoded.shape[1]]}, audio_idx=0)
        opening, _, closing = sounds.partition(self._processor.audio_token * encoded.shape[1])
        cache = new_cache(self._network)
        if first := self._chat.tokens(before + opening):
            self._writer.read_tokens(cache, first, checkpoint)
        self._writer.read_embeddings(cache, encoded, checkpoint)
        last = self._chat.tokens(closing)
        self._writer.read_tokens(cache, last, checkpoint)
        return Heard(cache, len(first) + encoded.shape[1] + len(last), encoded.shape[1])

    def _encode(self, samples: np.ndarray, checkpoint: Checkpoint) -> torch.Tensor:
        """The encoder's embeddings ``(1, tokens, width)``, window by window to bound the memory."""
        window = round(flamingo_windows.WINDOW_SECONDS * SAMPLE_RATE)
        parts = []
        for index, start in enumerate(range(0, samples.size, window)):
            inputs = self._processor.feature_extractor(
                samples[start : start + window],
                sampling_rate=SAMPLE_RATE,
                return_attention_mask=True,
                return_tensors="pt",
            )
            features = inputs.input_features.to(self._network.device, self._network.dtype)
            mask = inputs.attention_mask.to(self._network.device)
            with self._writer.computing(checkpoint, "hear so long a recording"):
                parts.append(self._encode_window(features, mask, index))
        return torch.cat(parts, 1)

    def _encode_window(self, features: torch.Tensor, mask: torch.Tensor, index: int) -> torch.Tensor:
        """As ``get_audio_features`` does for all windows at once; ``index`` is that of the window in the recording."""
        model = self._network.model
        states = model.audio_tower(features, input_features_mask=mask).last_hidden_state
        if not self._shares_frames:
            seconds = self._network.config.audio_frame_step * 4
            places = torch.arange(states.shape[1], device=states.device, dtype=torch.float32)
            times = (index * states.shape[1] + places) * seconds
            states = apply_rotary_time_emb(states, *model.pos_emb(times[None], seq_len=states.shape[1]))
        _, lengths = model.audio_tower._get_feat_extract_output_lengths(mask.sum(-1))
        embeddings: torch.Tensor = model.multi_modal_projector(states)[:, : int(lengths[0])]
        return embeddings
