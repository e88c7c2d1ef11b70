"""The mix on its way into an engine: how it comes in, its level, how it is cut, how it is kept for its stems."""
