"""Which variables of the environment are settings, so that one that is misspelt is refused and not passed over."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping

from chassis.server.settings import ServerSettings, WorkerSettings
from chassis.settings import SHARED_PREFIX, SettingError, environment

_NAMES = """
    ATTENTION BACKEND BATCH_TOKENS BLOCK_SECONDS CHUNKS_AT_ONCE COMPUTE_TYPE CONTEXT_SECONDS CONTEXT_TOKENS DECODING
    DEFAULT_MODEL DEVICE ENGINE GPU_LAYERS GRAPH_DIR LIVE_SECONDS LIVE_STREAMS LIVE_WORKERS MAX_PIECES MAX_PROMPT_TOKENS
    MAX_SECONDS MAX_TOTAL_SECONDS PRECISION TAG_MODELS THREAD_COUNT WINDOW_SECONDS

    ESSENTIA_SECONDS ESSENTIA_START_SECONDS ESSENTIA_TARGET FUSE_MARGIN_SECONDS LLM_AUDIO_SECONDS
    LLM_AUDIO_START_SECONDS LLM_AUDIO_TARGET MAX_ANALYSES MAX_ANSWER_BYTES MAX_ATTEMPTS SEPARATION_SECONDS
    SEPARATION_START_SECONDS SEPARATION_TARGET SERVICES SERVICES_CA_FILE SERVICES_CERT_FILE SERVICES_KEY_FILE
    SPEECH_SECONDS SPEECH_START_SECONDS SPEECH_TARGET
"""
OF_ONE_SERVICE = frozenset(_NAMES.split())
"""Settings that some service has: what is set for all of them is read by those whose setting it is.

A service's image holds no other service, so that they are listed here; a test holds that none is missing.
"""

OF_THE_STORE = frozenset(["MODELS", "MODEL_MIRROR", "MODEL_SOURCES"])
OF_PROGRAMS = frozenset(
    ["ROOT", "STATE", "MUSDB", "GATEWAY", "SEPARATION", "SPEECH", "ESSENTIA", "GENERATION", "LLM_AUDIO"]
)
"""What the command line and the benchmarks read."""

# Kubernetes and Docker tell every process the addresses of its neighbours by these.
_OF_AN_ORCHESTRATOR = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?|NAME|ENV_.*)$")


def fields_of(classes: Iterable[type]) -> frozenset[str]:
    """Gives the names of the settings of dataclasses, as variables have them after their prefix."""
    return frozenset(field.name.upper() for each in classes for field in dataclasses.fields(each))


def refuse_misspelt(prefix: str, *classes: type, environ: Mapping[str, str] | None = None) -> None:
    """Refuses a variable that begins as a setting of this process does, and is none.

    Args:
        prefix: Of the process, such as ``SPEECH``; ``ANTIPHON`` is looked at too.
        classes: All settings that it has.
        environ: The environment; the process' own where None.

    Raises:
        SettingError: such a variable is set; the message says what was probably meant.
    """
    own = fields_of(classes)
    # The gateway has no workers, but what is set for all of them stands in its environment too.
    everywhere = fields_of([ServerSettings, WorkerSettings])
    names = {prefix: own, SHARED_PREFIX: own | everywhere | OF_ONE_SERVICE | OF_THE_STORE | OF_PROGRAMS}
    for variable, value in sorted(environment(environ).items()):
        begins = next((each for each in names if variable.startswith(f"{each}_")), None)
        if begins is None or not value or _OF_AN_ORCHESTRATOR.search(variable):
            continue
        name = variable.removeprefix(f"{begins}_")
        if name not in names[begins]:
            raise SettingError(f"{variable} is no setting; {_hint(name, begins, prefix, names[begins])}")


def _hint(name: str, begins: str, prefix: str, known: Iterable[str]) -> str:
    # Without what they begin with, which would make any two alike.
    near = difflib.get_close_matches(name.removeprefix(f"{prefix}_"), sorted(known), n=1)
    if not near:
        return "docs/settings.md lists those there are"
    return f"did you mean {prefix if name.startswith(f'{prefix}_') else begins}_{near[0]}?"
