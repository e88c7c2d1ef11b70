"""Speech with its known text, and how far a transcript is from it: for benchmarks, and for tests on real models."""
