"""Reads prompts into a network's cache and writes token by token.

The steps are taken here and not by ``generate``: its streamer calls out from a thread of its own, and it begins each
time with a cache that it fills itself, while here the audio's part of the cache stays for the next prompt.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from antiphon_wire.errors import AntiphonError
from services.llm_audio.contract import Checkpoint, Ending, Sampling, Usage, context_too_long
from services.llm_audio.on_transformers import device as devices
from services.llm_audio.on_transformers.sampling import Sampler
from services.llm_audio.on_transformers.schema import Binder
from services.llm_audio.on_transformers.spelling import Speller
from services.llm_audio.on_transformers.watch import Watch

# Ends of a turn by name: a checkpoint's settings do not always name them all, and llama.cpp goes by these names too.
_ENDS = ("<|im_end|>", "<|endoftext|>", "<end_of_turn>", "<eos>", "</s>")


@dataclass
class Heard:
    """What a network has read: its cache, and how many tokens it holds, those of the audio among them."""

    cache: Any
    tokens: int
    audio_tokens: int


class Writer:
    """Writes with one network.

    Args:
        network: A causal language model of transformers that takes ``past_key_values``.
        tokenizer: Its tokenizer.
        context_tokens: Tokens that prompt and answer may have together, audio not counted.
        batch_tokens: Tokens of a prompt that are read at once.
    """

    def __init__(self, network: Any, tokenizer: Any, context_tokens: int, batch_tokens: int) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._context, self._batch = context_tokens, batch_tokens
        text = network.config.get_text_config()
        self._positions: int = text.max_position_embeddings
        self._vocabulary: int = text.vocab_size
        self._ends = _end_tokens(network, tokenizer)
        self._watch = Watch(network)
        self._binder: Binder | None = None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        found: torch.device = self._network.device
        return found

    def read(self, cache: Any, checkpoint: Checkpoint, **inputs: Any) -> torch.Tensor:
        """Has the network read ``inputs`` behind the cache; gives the logits (tokens,) of the place after.

        Raises:
            AntiphonError: OUT_OF_MEMORY.
            Cancelled: by the checkpoint; the cache is then good for nothing.
        """
        with self.computing(checkpoint, "read so long a prompt"):
            answer = self._network(past_key_values=cache, use_cache=True, logits_to_keep=1, **inputs)
        logits: torch.Tensor = answer.logits[0, -1]
        return logits

    @contextmanager
    def computing(self, checkpoint: Checkpoint, doing: str) -> Iterator[None]:
        """Has the network compute inside the block without gradients, watched for a cancel; a lack of memory is told.

        Raises:
            AntiphonError: OUT_OF_MEMORY.
            Cancelled: by the checkpoint.
        """
        checkpoint()
        try:
            with torch.inference_mode(), self._watch.over(checkpoint):
                yield
        except (RuntimeError, MemoryError) as error:
            if (told := devices.out_of_memory(error, doing)) is not None:
                raise told from error
            raise

    def read_tokens(self, cache: Any, tokens: Sequence[int], checkpoint: Checkpoint) -> torch.Tensor:
        """Has the network read a text's tokens, one at least, in batches."""
        logits = torch.empty(0)
        for start in range(0, len(tokens), self._batch):
            part = torch.tensor([tokens[start : start + self._batch]], device=self.device)
            logits = self.read(cache, checkpoint, input_ids=part)
        return logits

    def read_embeddings(self, cache: Any, embeddings: torch.Tensor, checkpoint: Checkpoint) -> None:
        """Has the network read embeddings ``(1, tokens, width)``, in batches."""
        for start in range(0, embeddings.shape[1], self._batch):
            self.read(cache, checkpoint, inputs_embeds=embeddings[:, start : start + self._batch])

    def write(
        self,
        heard: Heard,
        after: Sequence[int],
        sampling: Sampling,
        json_schema: str,
        checkpoint: Checkpoint,
        done: Usage,
    ) -> Iterator[str | Ending]:
        """Yields the text that follows what was heard and ``after``, piece by piece, and an Ending.

        What was heard is left as it was, for the next question.

        Raises:
            AntiphonError: CONTEXT_TOO_LONG, JSON_SCHEMA, OUT_OF_MEMORY.
            Cancelled: by the checkpoint, looked at before each token and between layers.
        """
        limit = min(self._context + heard.audio_tokens, self._positions)
        asked = heard.tokens + len(after)
        if asked >= limit:
            raise context_too_long(asked, limit)
        room = min(sampling.max_tokens, limit - asked)
        # Made for the first answer that needs one, and kept: it looks at every token of the vocabulary.
        if self._binder is None and json_schema:
            self._binder = Binder(self._tokenizer, self._vocabulary, min(self._ends))
        bond = self._binder.bind(json_schema) if self._binder is not None and json_schema else None
        sampler, speller, written = Sampler(sampling), Speller(self._tokenizer), list[int]()
        cache = _fork(heard)
        try:
            # What is read last scores the first token of the answer, and each token then the next one.
            logits = self.read_tokens(cache, after, checkpoint)
            while True:
                token = sampler.choose(logits, written, None if bond is None else bond.allowed())
                if token in self._ends:
                    finished = True
                    break
                written.append(token)
                if text := speller.add(token):
                    yield text
                finished = bond is not None and bond.take(token)
                if finished or len(written) >= room:
                    break
                logits = self.read_tokens(cache, [token], checkpoint)
        finally:
            _join(heard, cache)
        if text := speller.rest():
            yield text
        yield Ending(finished, done + Usage(prompt=asked, evaluated=len(after), answer=len(written)))


def new_cache(network: Any) -> Any:
    """Makes an empty cache for a network."""
    return DynamicCache(config=network.config.get_text_config())


def _fork(heard: Heard) -> Any:
    """A cache to go on with. One of a sliding window forgets, so it is copied (it is short); others are cut back."""
    return copy.deepcopy(heard.cache) if any(heard.cache.is_sliding) else heard.cache


def _join(heard: Heard, cache: Any) -> None:
    if cache is heard.cache:
        for layer in cache.layers:
            # After a cancel between layers some are longer than others, so each is cut by itself.
            layer.crop(heard.tokens - layer.get_seq_length())


def _end_tokens(network: Any, tokenizer: Any) -> frozenset[int]:
    known = network.generation_config.eos_token_id
    found = {known} if isinstance(known, int) else set(known or ())
    vocabulary = tokenizer.get_vocab()
    found |= {vocabulary[name] for name in _ENDS if name in vocabulary}
    if tokenizer.eos_token_id is not None:
        found.add(tokenizer.eos_token_id)
    if not found:
        raise AntiphonError("FAILED_PRECONDITION", "MODEL_UNREADABLE", "the model knows no token that ends an answer")
    return frozenset(found)
