"""Prose by rule: what a few facts say in two or three sentences, each clause with the facts that it says."""
