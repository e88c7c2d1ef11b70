"""Speech recognition: the words of a recording, spoken or sung, with their times."""
