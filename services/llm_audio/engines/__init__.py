"""The engines of this family by name: where each is, without importing it."""

ENGINES = {
    "facts": "services.llm_audio.engines.facts:FactsByRule",
    "text-gguf": "services.llm_audio.engines.text_gguf:TextGguf",
    "music-flamingo-gguf": "services.llm_audio.engines.music_flamingo_gguf:MusicFlamingoGguf",
    "music-flamingo-transformers": "services.llm_audio.engines.music_flamingo_transformers:MusicFlamingoTransformers",
    "gemma3n-transformers": "services.llm_audio.engines.gemma3n_transformers:Gemma3nTransformers",
}
