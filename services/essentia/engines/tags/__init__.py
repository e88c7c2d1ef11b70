"""Tag engines: what a recording is called by networks trained on labels; a module is imported only when it is used."""
