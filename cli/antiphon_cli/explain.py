"""What went wrong with a file, in words that say what to do about it."""

from __future__ import annotations

from antiphon_client.errors import AntiphonClientError


def explain(error: AntiphonClientError, service: str, target: str) -> str:
    """Returns the error as lines: itself, the fields at fault, when to come back.

    Args:
        error: What the call ended with.
        service: What was asked, such as ``gateway``.
        target: Where.
    """
    if error.reason == "SERVICE_UNREACHABLE":
        return f"{error}\nIs the {service} running at {target}? Start it with: antiphon up; see: antiphon status"
    lines = [str(error), *(f"  {field}: {text}" for field, text in error.fields if text != error.message)]
    if error.retry_after is not None:
        lines.append(f"  try again in {error.retry_after:g} s")
    return "\n".join(lines)
