"""Tag engines: what a recording is called by networks trained on labels; each module is imported only when it is used."""
