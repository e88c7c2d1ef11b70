"""What of a recording a model hears at once: passages of a long one, and windows of Music Flamingo."""
