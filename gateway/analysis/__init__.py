"""One analysis, from a recording and a config to a record; in here no face is known, and no gRPC context."""
