"""The engines of the separation service, by name; each module brings in its own library when it is imported."""

ENGINES = {
    "spleeter": "services.separation.engines.spleeter:Spleeter",
    "demucs": "services.separation.engines.demucs.engine:Demucs",
}
