"""What a file's headers claim, counted before libav sees them: it allocates for a claim before it reads.

A file of 1,773 bytes that claimed fifty million samples took 1.8 GB. Files and live streams are held to the same
rules; a stream has no size to hold a claim against, but its absolute limits are the same.
"""

from chassis.audio.guard.driver import LiveGuard, guard_file

__all__ = ["LiveGuard", "guard_file"]
