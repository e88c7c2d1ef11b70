"""The service's own choice: a model that is large enough to write about music, else prose by rule."""

from __future__ import annotations

from chassis.models import Store
from services.llm_audio.engines import ENGINES

LEAST_PARAMETERS = 1_000_000_000
"""Below, language models copy facts and make up the rest; prose by rule says the same facts and makes up nothing."""

BY_RULE = "facts"
"""The engine that needs nothing."""


def automatic(store: Store) -> str:
    """Names the model that answers where none is named; empty where no manifest has one.

    It is of the first engine, in the order of ENGINES, that has an installed model of LEAST_PARAMETERS or more which
    the licence policy allows: the engine's default where that is one, else the first in the manifest. A row that does
    not say its ``parameter_count`` is not chosen by itself. What is installed may change from call to call, so this
    looks each time.
    """
    for engine in ENGINES:
        rows = [row for row in store.manifest.models if row.engine == engine]
        large = [row for row in sorted(rows, key=lambda row: not row.default) if _is_large(row.parameter_count)]
        chosen = next((row for row in large if store.installed(row.name) and store.allowed(row.name)), None)
        if chosen is not None:
            return chosen.name
    rule = store.manifest.default(BY_RULE)
    return "" if rule is None else rule.name


def _is_large(parameters: int | None) -> bool:
    return parameters is not None and parameters >= LEAST_PARAMETERS
