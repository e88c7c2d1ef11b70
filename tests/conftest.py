"""What every test sees: the project on the path of child processes too."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
os.environ["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("", "gen", "client"))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
