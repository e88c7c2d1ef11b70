"""Who says what: voices told apart by a network's embeddings, and put together by how alike they are."""

MODEL = "resemblyzer"
"""Name of the network that tells them apart, in models.toml."""
FILE = "resemblyzer.npy"
"""Its file."""
