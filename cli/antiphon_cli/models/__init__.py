"""``antiphon models``: the model store of a checkout."""
