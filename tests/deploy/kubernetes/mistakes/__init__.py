"""Mistakes that are planted in copies of the overlays, for the rules to see."""
