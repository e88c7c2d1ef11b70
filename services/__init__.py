"""The model families, one folder each, all alike."""
