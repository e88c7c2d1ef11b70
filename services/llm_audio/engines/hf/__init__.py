"""What the engines on transformers share: loading, the chat's form, hearing once, writing token by token.

Torch and transformers are imported below here alone, in the worker, when such a model is loaded first: a service of
llama.cpp's models never pays for them. What they read from the environment when they are imported is set here, before.
"""

import os

for _name, _value in (
    # Nothing is fetched: weights come from the model store alone.
    ("HF_HUB_OFFLINE", "1"),
    ("TRANSFORMERS_OFFLINE", "1"),
    ("HF_HUB_DISABLE_TELEMETRY", "1"),
    # A tokenizer's threads would be cores that nobody counted.
    ("TOKENIZERS_PARALLELISM", "false"),
):
    os.environ.setdefault(_name, _value)
