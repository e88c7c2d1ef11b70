"""``antiphon separate``: recordings in, their stems out."""
