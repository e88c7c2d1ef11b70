"""Audio that is still being sent: bytes in as they come, samples out as soon as they can be decoded.

The samples do not depend on how the bytes were cut.
"""

from chassis.audio.live.source import LiveSource

__all__ = ["LiveSource"]
