"""A question in the form in which a model was trained to be asked: its own chat template."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError
from llama_cpp import Llama
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from antiphon_wire.errors import not_ready
from services.llm_audio.interview.steering import without
from services.llm_audio.on_llama_cpp.loading import control_tokens


class Chat:
    """The chat template of one model.

    Raises:
        AntiphonError: NO_CHAT_TEMPLATE. llama-cpp-python would silently take another model's.
    """

    def __init__(self, llama: Llama, file: str) -> None:
        template = llama.metadata.get("tokenizer.chat_template", "")
        if not template:
            raise not_ready(
                "NO_CHAT_TEMPLATE",
                f"{file} has no chat template, so it was not trained to answer; use an instruct model",
                file=file,
            )
        vocab = llama._model
        self._file = file
        self._control = control_tokens(llama)
        self._format = Jinja2ChatFormatter(
            template,
            eos_token=_text_of(vocab, llama.token_eos()),
            bos_token=_text_of(vocab, llama.token_bos()),
        )

    def clean(self, text: str) -> str:
        """Takes steering tokens out of a text."""
        return without(text, self._control)

    def render(self, system: str, example: tuple[str, str] | None, question: str) -> str:
        """Writes the prompt: what the system says, where it may, the example, the question, what begins an answer.

        Args:
            system: May be empty.
            example: A question and its answer; None for none.
            question: Text, already clean.

        Raises:
            AntiphonError: CHAT_TEMPLATE where the template fails.
        """
        talk = [("user", example[0]), ("assistant", example[1])] if example else []
        talk.append(("user", question))
        # Gemma's template, among others, knows no system; it is then told in the first question.
        first = f"{system}\n\n{talk[0][1]}"
        error: Exception | None = None
        for messages in ([("system", system), *talk], [("user", first), *talk[1:]]) if system else (talk,):
            try:
                return str(self._format(messages=[{"role": role, "content": text} for role, text in messages]).prompt)
            except (TemplateError, ValueError, TypeError) as raised:
                error = raised
        message = f"the chat template of {self._file} fails: {error}"
        raise not_ready("CHAT_TEMPLATE", message, file=self._file) from error


def _text_of(vocab: Any, token: int) -> str:
    return str(vocab.detokenize([token], special=True).decode("utf-8", "replace")) if token >= 0 else ""
