"""The gateway: asks every service about one upload and fuses their answers into one AnalysisRecord."""

from chassis.checkout import complete_path

complete_path()
