"""``python -m antiphon_client.supervisor SPEC``: what ``antiphon up`` leaves running."""

import sys
from pathlib import Path

from antiphon_client.supervisor.plan import Plan
from antiphon_client.supervisor.supervise import Supervisor

if __name__ == "__main__":
    sys.exit(Supervisor(Plan.load(Path(sys.argv[1]))).run())
