"""Mutated inputs for whatever reads what others wrote; ``make fuzz`` runs every target for a bounded time."""
