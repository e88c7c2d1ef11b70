"""What a melody model follows: the tune of a clip, found alike for every engine."""
