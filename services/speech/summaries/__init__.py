"""Last events of the jobs on recordings: what was found, and how the answer was made."""
