"""Reads prompts into a llama.cpp context and writes token by token; gives up soon when nobody wants the text."""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import time
from collections.abc import Iterator, Sequence
from typing import Any

import llama_cpp
from llama_cpp import Llama
from llama_cpp.llama_grammar import LlamaGrammar

from antiphon_wire.errors import AntiphonError, invalid
from services.llm_audio.contract import PENALTY_TOKENS, Checkpoint, Ending, Sampling, Usage, context_too_long
from services.llm_audio.on_llama_cpp.silence import held_back

_CHECK_SECONDS = 0.05
_TOKEN_BYTES = 256
_WHY_CHARACTERS = 200
# Looking for a cancel while a token is computed costs more than a small model's token; beyond this it does not show.
_SLOW_TOKEN_SECONDS = 0.1


class Writer:
    """One context, and what is in it: tokens read stay there for the next prompt that begins alike.

    Args:
        llama: The model and its context; this object alone uses it.
    """

    def __init__(self, llama: Llama) -> None:
        self._llama = llama
        self._vocab = llama._model.vocab
        self._buffer = ctypes.create_string_buffer(_TOKEN_BYTES)
        self._shared: list[int] = []

    def tokens(self, text: str, add_special: bool = True) -> list[int]:
        """Tokens of a rendered prompt; a template that begins with the beginning-of-text token gets no second one."""
        found = list(self._llama.tokenize(text.encode("utf-8"), add_bos=add_special, special=True))
        bos = self._llama.token_bos()
        return found[1:] if found[:2] == [bos, bos] else found

    def read(self, tokens: list[int], shared: int, checkpoint: Checkpoint) -> int:
        """Brings the context to hold ``tokens``; returns how many were computed.

        The first ``shared`` are computed by themselves and stay for the next prompt that shares them. So the numbers,
        and with them the text, do not depend on what was asked before: how tokens are cut into batches changes the
        last bits.

        Raises:
            AntiphonError: CONTEXT_TOO_LONG.
            Cancelled: by the checkpoint.
        """
        llama = self._llama
        if len(tokens) >= llama.n_ctx():
            raise context_too_long(len(tokens), llama.n_ctx())
        kept = shared if shared and tokens[:shared] == self._shared else 0
        if not llama._ctx.kv_cache_seq_rm(-1, kept, -1):
            kept = 0
            llama._ctx.kv_cache_clear()
        llama.n_tokens = kept
        if not kept:
            self._shared = []
            if shared:
                self._compute(tokens[:shared], checkpoint)
                self._shared = tokens[:shared]
        self._compute(tokens[shared:], checkpoint)
        return len(tokens) - kept

    def append(self, tokens: Sequence[int], checkpoint: Checkpoint) -> None:
        """Reads ``tokens`` behind what the context holds.

        Raises:
            AntiphonError: CONTEXT_TOO_LONG.
            Cancelled: by the checkpoint.
        """
        needed = self._llama.n_tokens + len(tokens)
        if needed >= self._llama.n_ctx():
            raise context_too_long(needed, self._llama.n_ctx())
        self._compute(tokens, checkpoint)

    def write(
        self, sampling: Sampling, json_schema: str, checkpoint: Checkpoint, usage: Usage
    ) -> Iterator[str | Ending]:
        """Yields the text behind what the context holds, piece by piece, and an Ending.

        Args:
            sampling: How tokens are chosen.
            json_schema: What the text must keep to; empty for prose.
            checkpoint: Called before every token.
            usage: Work done before; the Ending adds the answer's.

        Raises:
            AntiphonError: JSON_SCHEMA where no grammar can be made of it.
        """
        llama, written = self._llama, 0
        room = min(sampling.max_tokens, llama.n_ctx() - llama.n_tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        slow = False
        with _sampler(self._vocab, sampling, json_schema) as chain:
            while True:
                checkpoint()
                token = llama_cpp.llama_sampler_sample(chain, llama.ctx, -1)
                # The end is chosen like a token and counted as none: it is no text.
                if llama_cpp.llama_vocab_is_eog(self._vocab, token):
                    finished = True
                    break
                written += 1
                if text := decoder.decode(self._bytes_of(token)):
                    yield text
                if written >= room:
                    finished = False
                    break  # the last token is not read: nothing is to follow it
                began = time.monotonic()
                if slow:
                    self._compute([token], checkpoint)
                else:
                    llama.eval([token])
                slow = time.monotonic() - began > _SLOW_TOKEN_SECONDS
        if rest := decoder.decode(b"", final=True):
            yield rest
        yield Ending(finished, usage + Usage(answer=written))

    def _compute(self, tokens: Sequence[int], checkpoint: Checkpoint) -> None:
        checkpoint()
        with self.abortable(checkpoint):
            self._llama.eval(list(tokens))

    @contextlib.contextmanager
    def abortable(self, checkpoint: Checkpoint) -> Iterator[None]:
        """Stops llama.cpp, inside the block, as soon as the checkpoint says so; its error is then Cancelled."""
        due = time.monotonic() + _CHECK_SECONDS
        raised: list[BaseException] = []

        def stop(_: object) -> bool:
            nonlocal due
            if not raised and time.monotonic() >= due:
                due = time.monotonic() + _CHECK_SECONDS
                try:
                    checkpoint()
                except BaseException as error:  # it must not be lost in native code
                    raised.append(error)
            return bool(raised)

        callback = llama_cpp.ggml_abort_callback(stop)
        llama_cpp.llama_set_abort_callback(self._llama.ctx, callback, None)
        try:
            yield
        except (RuntimeError, ValueError):
            if not raised:
                raise
        finally:
            llama_cpp.llama_set_abort_callback(self._llama.ctx, llama_cpp.ggml_abort_callback(), None)
        if raised:
            raise raised[0]

    def _bytes_of(self, token: int) -> bytes:
        count = llama_cpp.llama_token_to_piece(self._vocab, token, self._buffer, _TOKEN_BYTES, 0, False)
        if count < 0:
            self._buffer = ctypes.create_string_buffer(-count)
            count = llama_cpp.llama_token_to_piece(self._vocab, token, self._buffer, -count, 0, False)
        return self._buffer.raw[:count]


@contextlib.contextmanager
def _sampler(vocab: Any, sampling: Sampling, json_schema: str) -> Iterator[Any]:
    """A chain of samplers; it owns what is added to it."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    try:
        if json_schema:
            llama_cpp.llama_sampler_chain_add(chain, _grammar(vocab, json_schema))
        penalty = sampling.repeat_penalty or 1.0
        if penalty != 1.0:
            penalties = llama_cpp.llama_sampler_init_penalties(
                llama_cpp.llama_vocab_n_tokens(vocab), PENALTY_TOKENS, penalty, 0.0, 0.0
            )
            llama_cpp.llama_sampler_chain_add(chain, penalties)
        if sampling.do_sample:
            if sampling.top_k:
                llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_k(sampling.top_k))
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_temp(sampling.temperature))
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(sampling.seed))
        else:
            llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
        yield chain
    finally:
        llama_cpp.llama_sampler_free(chain)


def _grammar(vocab: Any, json_schema: str) -> Any:
    try:
        grammar = LlamaGrammar.from_json_schema(json_schema, verbose=False)._grammar
    except Exception as error:  # the converter raises whatever its parts do
        raise _no_grammar(str(error)[:_WHY_CHARACTERS]) from error
    with held_back() as said:
        sampler = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode("utf-8"), b"root")
    if not sampler:
        raise _no_grammar(f"llama.cpp refuses the grammar: {said()}")
    return sampler


def _no_grammar(why: str) -> AntiphonError:
    return invalid("JSON_SCHEMA", f"no grammar can be made of the schema: {why}", field="config.json_schema")
