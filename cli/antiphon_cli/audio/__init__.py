"""Audio as bytes on this machine: a microphone, files at their pace, headers of files."""
