"""What the engines on llama.cpp share: loading a GGUF, its chat template, reading prompts, writing token by token."""
