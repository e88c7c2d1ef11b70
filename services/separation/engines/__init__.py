"""The engines of the separation service, by name; each module brings in its own library when it is imported."""

ENGINES = {
    "dsp": "services.separation.engines.dsp:Dsp",
    "spleeter": "services.separation.engines.spleeter.engine:Spleeter",
    "demucs": "services.separation.engines.demucs.engine:Demucs",
}
