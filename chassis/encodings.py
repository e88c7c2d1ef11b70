"""What a stream of audio can be encoded as, and what can be chosen about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENCODINGS: Final = ("pcm_s16le", "pcm_f32le", "wav", "flac", "mp3", "opus", "aac", "vorbis")
BITS: Final = {"wav": (16, 24, 32), "flac": (16, 24)}
"""Bits a sample that an encoding can be told to have, the last its own choice; WAV's 32 are floating point."""
MP3_KILOBITS: Final = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Rates of MPEG-1 layer III from 64 kbit/s on."""
KILOBITS: Final = {"mp3": (64, 320), "opus": (12, 512), "aac": (32, 512)}
"""Least and most bits a second, in thousands over all channels, that an encoding can be told to have."""
QUALITIES: Final = {"mp3": (0.0, 9.0), "vorbis": (0.0, 10.0)}
"""Bounds of the quality of a variable bit rate: LAME's V, of which 0 is the best, and Vorbis' q, of which 10 is."""
TAGGED: Final = ("flac", "mp3", "opus", "aac", "vorbis")
"""Encodings that can hold tags; all but Opus and Vorbis get a cover too."""


class ChoiceError(ValueError):
    """Something was chosen that an encoding does not have.

    Attributes:
        choice: Name of the choice.
    """

    def __init__(self, choice: str, message: str) -> None:
        super().__init__(message)
        self.choice = choice


@dataclass(frozen=True)
class Encoding:
    """How a stream is to be encoded; None leaves a choice to the encoding.

    Attributes:
        name: One of ENCODINGS.
        bits: Bits a sample; see BITS.
        kilobits: Bits a second in thousands, over all channels; see KILOBITS.
        quality: Of a variable bit rate; see QUALITIES.
        tags: Whether the tags and the cover of the original are to be in it; see TAGGED.
        live: Whether it must be possible to play the stream before its end, at the cost of what only the end can tell.

    Raises:
        ValueError: there is no such encoding.
        ChoiceError: the encoding has no such choice, or not that value of it.
    """

    name: str
    bits: int | None = None
    kilobits: int | None = None
    quality: float | None = None
    live: bool = False
    tags: bool = False

    def __post_init__(self) -> None:
        if self.name not in ENCODINGS:
            raise ValueError(f"no encoding named {self.name!r}; there are {', '.join(ENCODINGS)}")
        if self.tags and (self.live or self.name not in TAGGED):
            why = "a live stream has no tags yet" if self.live else f"{self.name} holds no tags"
            raise ChoiceError("keep_tags", f"{why}; leave keep_tags out, or choose one of {', '.join(TAGGED)}")
        if self.bits is not None and self.bits not in BITS.get(self.name, ()):
            self._refuse("bits_per_sample", self.bits, " or ".join(map(str, BITS.get(self.name, ()))))
        if self.kilobits is not None:
            self._check_kilobits(self.kilobits)
        if self.quality is not None:
            least, most = QUALITIES.get(self.name, (1.0, 0.0))
            if not least <= self.quality <= most:
                self._refuse("quality", self.quality, f"{least:g} to {most:g}" if least < most else "")
            if self.kilobits is not None:
                raise ChoiceError("quality", "quality is of a variable bit rate; give it or bit_rate_kbps, not both")

    def given(self) -> dict[str, str]:
        """Gives what was chosen, by name, for provenance."""
        chosen = {"bits_per_sample": self.bits, "bit_rate_kbps": self.kilobits, "quality": self.quality}
        return {name: f"{value:g}" for name, value in chosen.items() if value is not None}

    def _check_kilobits(self, kilobits: int) -> None:
        least, most = KILOBITS.get(self.name, (1, 0))
        if self.name == "mp3" and kilobits not in MP3_KILOBITS:
            self._refuse("bit_rate_kbps", kilobits, "one of " + ", ".join(map(str, MP3_KILOBITS)))
        if not least <= kilobits <= most:
            self._refuse("bit_rate_kbps", kilobits, f"{least} to {most}" if least < most else "")

    def _refuse(self, choice: str, value: float, wanted: str) -> None:
        right = f"give {wanted}" if wanted else "leave it out"
        raise ChoiceError(choice, f"{choice} is {value:g}, which {self.name} does not have; {right}")


WAV = Encoding("wav")
FLAC = Encoding("flac")
