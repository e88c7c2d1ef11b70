"""``python -m chassis.models``."""

import sys

from chassis.models.cli import main

sys.exit(main())
