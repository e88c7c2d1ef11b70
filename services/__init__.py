"""The model families, one folder each, all alike."""

from chassis.checkout import complete_path

complete_path()
