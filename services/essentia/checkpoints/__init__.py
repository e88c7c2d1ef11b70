"""Reads the pickled checkpoints of rhythm, key and chord networks as data alone, and writes them as ONNX files."""
