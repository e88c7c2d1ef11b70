"""``antiphon analyze``: recordings to the gateway, records back."""
