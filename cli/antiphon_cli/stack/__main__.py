"""``python -m antiphon_cli.stack SPEC``: what ``antiphon up`` leaves running."""

import sys
from pathlib import Path

from antiphon_cli.stack.plan import Plan
from antiphon_cli.stack.supervise import Supervisor

if __name__ == "__main__":
    sys.exit(Supervisor(Plan.load(Path(sys.argv[1]))).run())
