"""What a server means by an answer that is no file: whether to come back, when, and what a person can do."""

from __future__ import annotations

import email.message
import email.utils
import re
import time
import urllib.parse
from collections.abc import Mapping

WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another try may mend."""

UNREACHABLE = (
    "without a way there, give the files in a folder (ANTIPHON_MODEL_MIRROR), take them in from one "
    "(antiphon models import FOLDER), or name a mirror of the hub that can be reached (HF_ENDPOINT)"
)
"""What can be done where a server does not answer."""

Headers = Mapping[str, str] | email.message.Message
"""Headers of an answer, by their names."""

_SECONDS_LEFT = re.compile(r"\bt\s*=\s*(\d+)")


def wait_seconds(headers: Headers, now: float | None = None) -> float:
    """How long a server asks to be left alone; 0 where it does not say.

    Args:
        headers: ``Retry-After`` (seconds or a date), else ``RateLimit`` (its ``t``), as model hubs send it.
        now: Seconds since the epoch; None for the clock's.
    """
    text = (headers.get("Retry-After") or "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        left = _SECONDS_LEFT.search(headers.get("RateLimit") or "")
        return float(left[1]) if left else 0.0
    return max(0.0, moment - (time.time() if now is None else now))


def hint(url: str, status: int, headers: Headers, token: bool) -> str:
    """What a person can do about a status, to be put behind it; empty where there is nothing.

    Args:
        url: What was asked for.
        headers: Of the answer; a hub says in ``X-Error-Code`` what it means.
        token: Whether an access token was sent.
    """
    code, page = headers.get("X-Error-Code") or "", _page(url)
    if code == "GatedRepo":
        steps = f"accept its terms at {page} with your account there"
        if not token:
            steps += f", make a token that may read at {_settings(url)}, and set HF_TOKEN to it"
        return f": it is gated; {steps}{', the one that HF_TOKEN belongs to' if token else ''}"
    if code == "RevisionNotFound":
        return ": the repository has no such revision"
    if code == "EntryNotFound":
        return ": the repository has no such file at that revision"
    if code == "RepoNotFound":
        seen = "HF_TOKEN does not let you see it" if token else "it is private and needs HF_TOKEN"
        return f": there is no such repository, or {seen}"
    if status in (401, 403):
        return "; HF_TOKEN is not accepted there" if token else "; the file may need an access token (HF_TOKEN)"
    return ""


def _page(url: str) -> str:
    """Page of the repository that an address belongs to."""
    parts = urllib.parse.urlsplit(url)
    path = parts.path.removeprefix("/api/models").partition("/resolve/")[0].partition("/revision/")[0]
    return f"{parts.scheme}://{parts.netloc}{path}"


def _settings(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/settings/tokens"
