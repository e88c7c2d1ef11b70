"""The engines of the generation service, by name; each module brings in its own library when it is imported."""

ENGINES = {
    "musicgen": "services.generation.engines.musicgen.engine:MusicGen",
    "audiocraft": "services.generation.engines.audiocraft.engine:Audiocraft",
}
