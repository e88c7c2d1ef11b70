"""``python -m antiphon_cli``: the command line."""

import sys

from antiphon_cli import main

if __name__ == "__main__":
    sys.exit(main())
