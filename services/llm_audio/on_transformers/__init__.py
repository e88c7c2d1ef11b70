"""What the engines on transformers share: loading, the chat's form, hearing once, writing token by token.

Torch and transformers are imported below here alone, in the worker, when such a model is loaded first: a service of
llama.cpp's models never pays for them. What they read from the environment is set for the worker by the chassis.
"""
