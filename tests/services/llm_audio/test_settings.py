"""Settings that cannot work are refused when the service starts."""

from __future__ import annotations

import pytest

from services.llm_audio.settings import LlmAudioSettings


@pytest.mark.parametrize(
    "values", [{"thread_count": 0}, {"gpu_layers": -2}, {"context_tokens": 100}, {"batch_tokens": 8}]
)
def test_settings_that_cannot_work_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        LlmAudioSettings(**values)
