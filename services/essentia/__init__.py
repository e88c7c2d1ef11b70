"""Music analysis: typed numeric features of a recording, group by group."""
