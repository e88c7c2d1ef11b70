"""Makes the virtual environments of the processes from their locks: ``python -m tools.environments speech gateway``.

Needs Python 3.11 and its standard library alone, for it runs before there is anything else.
"""
