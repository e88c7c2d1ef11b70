"""WAV and Wave64 files as libav reads them best: one header without doubt, and behind it the samples and nothing else.

What stands before, between and behind their chunks differs from writer to writer, as do the sizes, the padding and the
words for one and the same sample format. Files and live streams go through the same walk over the header.
"""

from chassis.audio.wave.header import Wave
from chassis.audio.wave.live import WaveCutter
from chassis.audio.wave.view import WaveView, open_wave

__all__ = ["Wave", "WaveCutter", "WaveView", "open_wave"]
