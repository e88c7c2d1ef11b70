"""The engines of the essentia family, by name; a module is imported only when its engine is used."""

ENGINES = {"features": "services.essentia.engines.features:Features"}
