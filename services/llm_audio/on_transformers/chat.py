"""A question in the form in which a model was trained to be asked, split where the audio goes."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError

from antiphon_wire.errors import not_ready
from services.llm_audio.contract import Sampling, Turn
from services.llm_audio.interview.steering import steers, without


class Chat:
    """The chat template of one tokenizer.

    Args:
        tokenizer: With a chat template.
        audio_token: What the template writes where audio goes, such as ``<sound>``.

    Raises:
        AntiphonError: CHAT_TEMPLATE as :meth:`render`.
    """

    def __init__(self, tokenizer: Any, audio_token: str) -> None:
        self._tokenizer, self._audio_token = tokenizer, audio_token
        added = tokenizer.added_tokens_decoder.values()
        special = {each.content for each in added if each.content.strip() and (each.special or steers(each.content))}
        self._steering = sorted({*special, audio_token}, key=len, reverse=True)
        # A template that cannot be used is found out while loading, not behind the first words of an answer.
        self.render(Turn("", None, "", "What is heard?", Sampling()))

    def render(self, turn: Turn) -> tuple[str, str]:
        """Writes the prompt before and after the audio, which comes first in the question, so that questions share it.

        Raises:
            AntiphonError: CHAT_TEMPLATE where the template fails, or has no place for audio.
        """
        question = without(turn.shared + turn.question, self._steering)
        heard = [{"type": "audio"}, {"type": "text", "text": f"\n{question}"}]
        talk: list[dict[str, Any]] = [{"role": "system", "content": turn.system}] if turn.system else []
        if turn.example:
            talk += [{"role": "user", "content": turn.example[0]}, {"role": "assistant", "content": turn.example[1]}]
        talk.append({"role": "user", "content": heard})
        try:
            text = self._tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        except (TemplateError, ValueError, TypeError) as error:
            raise not_ready("CHAT_TEMPLATE", f"the model's chat template fails: {error}") from error
        before, found, after = text.partition(self._audio_token)
        if not found:
            message = f"the model's chat template has no place for audio: it writes no {self._audio_token}"
            raise not_ready("CHAT_TEMPLATE", message, audio_token=self._audio_token)
        return before, after

    def tokens(self, text: str) -> list[int]:
        """Tokens of a rendered text, nothing added."""
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)
