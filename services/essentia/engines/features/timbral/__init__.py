"""The timbral group: the eight AudioCommons models, written anew from their published definitions.

Source: A. Pearce, S. Safavi, T. Brookes, R. Mason, W. Wang, M. Plumbley, "Deliverable D5.8: Release of timbral
characterisation tools for semantically annotating non-musical content", AudioCommons, 2018, and the package
timbral_models 0.4.0 (Apache-2.0), which no longer runs with numpy 2 and librosa 0.11. The regression coefficients are
theirs. The README says where this differs and by how much.
"""

from services.essentia.engines.features.timbral.scores import measure

__all__ = ["measure"]
