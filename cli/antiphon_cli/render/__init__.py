"""``antiphon render``: records that are stored in, texts with times out."""
