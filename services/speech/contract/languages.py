"""The languages that a caller may name: Whisper's codes."""

from __future__ import annotations

from antiphon_wire.errors import invalid

# fmt: off
LANGUAGE_CODES = (
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el",
    "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy",
    "id", "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi",
    "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru",
    "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl",
    "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
)
# fmt: on
"""Whisper's own codes, in OpenAI's table of languages; "yue" came with large-v3."""


def check_language(language: str | None) -> None:
    """Checks the language that a request names; None is always right.

    Raises:
        AntiphonError: UNKNOWN_LANGUAGE, with the code that was probably meant where a tag such as ``en-US`` was given.
    """
    if language is None or language in LANGUAGE_CODES:
        return
    short = language.strip().lower().replace("_", "-").partition("-")[0]
    advice = f"did you mean {short!r}?" if short in LANGUAGE_CODES else "give Whisper's code, such as en, de, fr, hr"
    raise invalid(
        "UNKNOWN_LANGUAGE",
        f"there is no language {language!r}; {advice}",
        field="config.language_code",
        language=language,
        known=", ".join(LANGUAGE_CODES),
    )
