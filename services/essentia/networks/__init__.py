"""Networks that hear beats, keys and chords: from samples to what they say, block by block."""
