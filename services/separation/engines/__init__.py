"""The engines of the separation service, by name; each module brings in its own library when it is imported."""

ENGINES = {
    "dsp": "services.separation.engines.dsp:Dsp",
    "spleeter": "services.separation.engines.spleeter:Spleeter",
    "demucs": "services.separation.engines.demucs.engine:Demucs",
}

SUM_BOUNDS_DB = {"dsp": -120.0, "spleeter": -120.0}
"""What engines claim, and the tests hold: the energy of the mix minus the sum of all stems, against the mix's (dB).

float32 alone leaves -138 dB. An engine that is not here claims nothing.
"""
