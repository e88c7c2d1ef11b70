"""Whether an engine can answer what a call asks, before a model is loaded."""

from __future__ import annotations

from antiphon_wire.errors import invalid
from services.llm_audio.contract import DescriptionRequest, LanguageModel
from services.llm_audio.interview.facts import Facts


def check_answerable(engine: LanguageModel | type[LanguageModel], request: DescriptionRequest, facts: Facts) -> None:
    """Refuses what a model without ears cannot answer, and what is beyond rules.

    Raises:
        AntiphonError: PROMPT_NEEDS_AUDIO, PROMPT_NOT_BY_RULE, SCHEMA_NOT_BY_RULE, FACTS_MISSING.
    """
    if engine.hears:
        return
    if any(prompt.name == "transcribe" and not prompt.text for prompt in request.prompts):
        raise invalid(
            "PROMPT_NEEDS_AUDIO",
            "the prompt 'transcribe' needs a model that hears; this one writes from facts alone",
            field="config.prompts",
            prompt="transcribe",
        )
    if engine.by_rule:
        _check_by_rule(request)
    if not facts:
        raise invalid(
            "FACTS_MISSING",
            "the model writes from facts, and there are none; give facts_json, such as what essentia and speech said",
            field="config.facts_json",
        )


def _check_by_rule(request: DescriptionRequest) -> None:
    for index, prompt in enumerate(request.prompts):
        if prompt.text.strip():
            raise invalid(
                "PROMPT_NOT_BY_RULE",
                f"the prompt {prompt.name!r} has a wording of its own, which only a language model understands; name "
                "one, such as the engine text-gguf, or leave the wording out",
                field=f"config.prompts[{index}].text",
                prompt=prompt.name,
            )
    if request.json_schema:
        raise invalid(
            "SCHEMA_NOT_BY_RULE",
            "a JSON Schema was given, to which only a language model can keep; name one, such as the engine text-gguf",
            field="config.json_schema",
        )
