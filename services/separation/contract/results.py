"""What an engine gives, and what a job tells of it, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from chassis.reports import BytePatch, ProgressReport, SourceReport, WarningReport, WorkReport


@dataclass(frozen=True)
class SeparatedBlock:
    """A stretch of every stem, final; or an empty one, to tell how far the work is.

    Attributes:
        first_frame: Position of the first sample in the clip, counted in frames at the engine's rate.
        stems: Samples by stem, in the engine's order; each float32, ``(channels, samples)``, all of one shape.
        worked: Frames of the clip that the work done is worth, at least up to the end of this block; None where that
            is the end of this block. Several networks over one stretch finish it one after the other.
    """

    first_frame: int
    stems: Mapping[str, np.ndarray]
    worked: int | None = None

    @property
    def end(self) -> int:
        """Frames that the work done is worth."""
        return self.first_frame + self.frame_count if self.worked is None else self.worked

    @property
    def frame_count(self) -> int:
        """Samples of each channel of each stem."""
        return int(next(iter(self.stems.values())).shape[1])


@dataclass(frozen=True)
class Header:
    """What will be sent: the source as far as it is known, the stems in their order within a block, their format."""

    source: SourceReport
    stems: tuple[str, ...]
    encoding: str
    sample_rate: int
    channels: int


@dataclass(frozen=True)
class StemBlock:
    """A piece of one stem's encoded stream.

    Attributes:
        stem: Stem it belongs to.
        data: Encoded bytes, at most ``MAX_BLOCK_BYTES``; to be put together in the order sent.
        first_frame: First frame, at the model's rate, of the separated stretch that was handed to the encoder for these
            bytes. Resampling and encoders hold samples back, so the bytes may begin with earlier ones.
        last: Whether the stem is complete with this piece; such a piece may be empty.
    """

    stem: str
    data: bytes
    first_frame: int
    last: bool = False


MAX_BLOCK_BYTES = 512 * 1024
"""Most bytes in one StemBlock."""


@dataclass(frozen=True)
class StemReport:
    """One stem that was sent.

    Attributes:
        name: Name of the stem.
        frames: Samples of each channel, as encoded; the same for every stem.
        sample_rate: Their rate (Hz).
        channels: Channels.
        encoding: Encoding of the bytes sent.
        byte_count: Bytes sent.
        sha256: SHA-256 of the bytes sent, 32 bytes.
        peak: Largest absolute sample before encoding, full scale 1.0; None for a stem without samples.
        peak_dbfs: The same in dB; None for digital silence.
        rms_dbfs: Root mean square over all channels before encoding (dB, full scale 1.0); None for digital silence.
        integrated_lufs: Loudness before encoding (LUFS), see ``chassis.audio.LoudnessMeter``; None where it has none.
        energy_share: Energy as a share of all stems' energy, 0 to 1, over every stem of the model whether sent or not;
            None for silence, where not every stem was computed, and for a stem that is a difference.
        clipped: Samples that the encoding clipped, over all channels.
        patches: What to write into the bytes sent to make a whole file of them.
    """

    name: str
    frames: int
    sample_rate: int
    channels: int
    encoding: str
    byte_count: int
    sha256: bytes
    peak: float | None
    peak_dbfs: float | None
    rms_dbfs: float | None
    integrated_lufs: float | None
    energy_share: float | None
    clipped: int
    patches: tuple[BytePatch, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What was made and how; the last thing a separation yields.

    Attributes:
        source: The audio, now with length and digest.
        stems: Those that were sent, in the Header's order.
        work: How they were made.
        warnings: Things to know.
        sum_bound_db: What the engine claims: the energy of the mix minus the sum of all stems, against the mix's (dB);
            None where it claims nothing.
        residual_energy_share: What was found: that energy as a share of the mix's; None where not every stem was
            computed, and for silence.
        gain: Factor by which all stems were made quieter; None where that was not asked for.
    """

    source: SourceReport
    stems: tuple[StemReport, ...]
    work: WorkReport
    warnings: tuple[WarningReport, ...] = field(default=())
    sum_bound_db: float | None = None
    residual_energy_share: float | None = None
    gain: float | None = None


SeparationEvent = ProgressReport | Header | StemBlock | Summary
"""What a job yields."""
