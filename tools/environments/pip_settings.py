"""What a person has told pip, in uv's words: uv reads none of pip's settings, and both must look in the same places."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# The option of uv for a setting of pip that may hold several values.
_OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
_VARIABLES = {"cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "timeout": "UV_HTTP_TIMEOUT"}


@dataclass(frozen=True)
class UvSettings:
    """Options for every ``uv pip install``, and variables of its environment.

    Attributes:
        options: For each call.
        constraints: For a call without hashes: with them, uv takes no constraint that is not a pin.
        variables: Of the environment in which it runs.
    """

    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def read(python: str) -> UvSettings:
    """Asks an interpreter's pip; without a pip there is nothing to hand on."""
    command = [python, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return translate(done.stdout.splitlines()) if done.returncode == 0 else UvSettings()


def translate(lines: Iterable[str]) -> UvSettings:
    """Turns the lines of ``pip config list`` into uv's options.

    >>> translate(["global.index-url='https://a/simple'", "global.extra-index-url='https://b https://c'"]).options
    ('--default-index', 'https://a/simple', '--index', 'https://b', '--index', 'https://c', \
'--index-strategy', 'unsafe-best-match')
    >>> dict(translate(["global.cert='/a.pem'", ":env:.cert='/b.pem'"]).variables)
    {'SSL_CERT_FILE': '/b.pem'}
    """
    settings = _merged(lines)
    options: list[str] = []
    for name, option in _OPTIONS.items():
        for value in settings.get(name, "").split():
            options += [option, value]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    if settings.get("extra-index-url"):
        # pip takes the best version of all its indexes; uv by itself the best of the first that has the package.
        options += ["--index-strategy", "unsafe-best-match"]
    variables = {variable: settings[name] for name, variable in _VARIABLES.items() if settings.get(name)}
    if proxy := settings.get("proxy"):
        variables |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    constraints = (part for value in settings.get("constraint", "").split() for part in ("--constraints", value))
    return UvSettings(tuple(options), tuple(constraints), variables)


def _merged(lines: Iterable[str]) -> dict[str, str]:
    """Reads ``section.name='value'`` lines; ``install`` goes before ``global``, and a variable before both."""
    ranks = {"global": 0, "install": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        key, _, quoted = line.partition("=")
        section, _, name = key.rpartition(".")
        rank = ranks.get(section)
        if rank is None or not name:
            continue
        try:
            value = str(ast.literal_eval(quoted))
        except (ValueError, SyntaxError):
            continue
        if name not in found or rank >= found[name][0]:
            found[name] = rank, value
    return {name: value for name, (_, value) in found.items()}
