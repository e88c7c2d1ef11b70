"""The features engine: measures music with hand-picked algorithms, and melody and notes with networks.

``engine`` has the engine, ``analysis`` takes one recording through it window by window, ``plan`` names the steps, and
each step is a module that fills in a ``sheet``. Every algorithm is made anew for every call; only the networks, which
the operator installs, are loaded once and kept.
"""

from services.essentia.engines.features.engine import Features

__all__ = ["Features"]
