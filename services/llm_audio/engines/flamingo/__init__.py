"""What the backends of Music Flamingo share."""
