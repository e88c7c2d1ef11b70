"""``antiphon compare``: the same questions to several models."""
