"""The ways in: each a folder that may be deleted as one, mounted by ``gateway/__main__.py`` alone."""
