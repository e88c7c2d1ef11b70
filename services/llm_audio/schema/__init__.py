"""The JSON Schema of an answer: bounded, made into what a grammar can hold, and held against what a model wrote."""
