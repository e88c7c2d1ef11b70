"""The version that every provenance names."""

VERSION = "0.1.0"
