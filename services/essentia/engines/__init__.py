"""The engines of the essentia family, by name; a module is imported only when its engine is used."""

ENGINES = {
    "features": "services.essentia.engines.features:Features",
    "onnx": "services.essentia.engines.discogs_onnx:DiscogsTagger",
    "essentia": "services.essentia.engines.discogs_tensorflow:TensorflowTagger",
    "aesthetics": "services.essentia.engines.aesthetics:Aesthetics",
    "musicnn": "services.essentia.engines.musicnn:MusicnnTagger",
}
