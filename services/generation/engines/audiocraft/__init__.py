"""MusicGen, AudioGen and MAGNeT by audiocraft's own classes, in an environment of its own."""
