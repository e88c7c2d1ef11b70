"""``antiphon status``: how the services of this machine, or of a gateway, fare."""
