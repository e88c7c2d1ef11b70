"""Makers of models with made-up weights: the released models' classes and files, tiny, for tests and benchmarks."""
