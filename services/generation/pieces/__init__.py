"""The pieces of an order while they are made: encoded as they grow, measured, and reported."""
