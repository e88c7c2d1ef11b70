"""Imports Essentia quietly; every other module of this engine takes it from here."""

from __future__ import annotations

import os

# Essentia's TensorFlow logs missing CUDA libraries while it is imported, so this must be set before.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import essentia

# Between the two imports on purpose: the second one logs too.
essentia.log.infoActive = False
essentia.log.warningActive = False

import essentia.standard as es  # noqa: E402

__all__ = ["es"]
