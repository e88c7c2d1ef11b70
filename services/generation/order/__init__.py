"""From a request to an order: what is refused, what of a clip is heard, and what an engine is told to make."""
