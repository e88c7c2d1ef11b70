"""Language models about audio: some hear it, some write from what was measured."""
