"""``python -m antiphon_client``: the command line."""

import sys

from antiphon_client.cli import main

if __name__ == "__main__":
    sys.exit(main())
