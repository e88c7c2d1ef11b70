"""``antiphon generate``: words in, music out."""
