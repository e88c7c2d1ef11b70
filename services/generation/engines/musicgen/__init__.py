"""MusicGen on transformers' model classes, its tokens made and decoded step by step."""
