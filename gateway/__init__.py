"""The gateway: asks every service about one upload and fuses their answers into one AnalysisRecord."""
