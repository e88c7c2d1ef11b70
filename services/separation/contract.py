"""What a separation engine must do, and the plain data that separation jobs take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from antiphon_wire.errors import invalid
from chassis.reports import SourceFacts, WarningFacts, WorkFacts

if TYPE_CHECKING:
    from chassis.audio import Source
    from chassis.models import InstalledModel
    from services.separation.settings import SeparationSettings


MAX_SHIFTS = 20
MAX_OVERLAP = 0.95
MIN_SEGMENT_SECONDS = 1.0


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
class Tuning:
    """What can be chosen about how some models compute; None leaves each to the model.

    Attributes:
        shifts: Times that the mix is separated under random shifts, for the mean of the answers; 0 for once, unshifted.
        overlap: Share of a segment that overlaps the next, 0 to 0.95.
        segment_seconds: Length of the stretches that the model is given (s).
        seed: Where the random shifts begin.
    """

    shifts: int | None = None
    overlap: float | None = None
    segment_seconds: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        self._check("shifts", 0 <= (self.shifts or 0) <= MAX_SHIFTS, f"0 to {MAX_SHIFTS}")
        self._check("overlap", 0 <= (self.overlap or 0.0) <= MAX_OVERLAP, f"0 to {MAX_OVERLAP:g}")
        segment = self.segment_seconds
        self._check("segment", segment is None or segment >= MIN_SEGMENT_SECONDS, f"{MIN_SEGMENT_SECONDS:g} s or more")

    def given(self) -> dict[str, object]:
        """What is not left to the model, by the name of its field in the config."""
        values = {
            "shifts": self.shifts,
            "overlap": self.overlap,
            "segment": self.segment_seconds,
            "seed": self.seed,
        }
        return {name: value for name, value in values.items() if value is not None}

    def refuse(self, engine: str) -> Tuning:
        """Gives itself back where all is left to the model, for an engine that has none of these choices.

        Raises:
            AntiphonError: INVALID_ARGUMENT, ``OPTION_NOT_SUPPORTED``.
        """
        for name in self.given():
            message = f"engine {engine} has no {name}; leave it out, or choose a model of an engine that has it"
            raise invalid("OPTION_NOT_SUPPORTED", message, field=f"config.{name}", option=name, engine=engine)
        return self

    def _check(self, name: str, good: bool, wanted: str) -> None:
        if not good:
            value = self.given()[name]
            raise invalid(name.upper(), f"{name} is {value}; give {wanted}", field=f"config.{name}", value=value)


@dataclass(frozen=True)
class MixLevel:
    """Level of a whole mix, taken over the mean of its channels at the model's rate.

    Attributes:
        mean: Arithmetic mean, full scale 1.0.
        deviation: Standard deviation, of the sample (divided by n - 1); 0 for fewer than two samples.
    """

    mean: float
    deviation: float


@dataclass(frozen=True)
class Plan:
    """What one separation is to be.

    Attributes:
        stems: Stems that are needed, of the model's; empty for all. An engine may give more.
        tuning: As :meth:`Separator.tuned` gave it.
        level: Level of the mix; None where it cannot be known because the mix is still coming in.
    """

    stems: tuple[str, ...] = ()
    tuning: Tuning = Tuning()
    level: MixLevel | None = None


DEFAULT_PLAN = Plan()
"""All stems, everything left to the model."""


class Separator(Protocol):
    """A loaded model that splits a mix into stems.

    Attributes:
        stems: Names of its stems, in the order it gives them.
        sample_rate: Rate it takes and gives (Hz).
        channels: Channels it takes and gives.
        device: What computes, such as ``cpu`` or ``cuda:0 (name)``.
        precision: Number format of the computation, such as ``float32``.
        parameters: What else decides the numbers, by name.
        library_versions: Versions that can change the numbers, by distribution name.
        needs_level: Whether it computes with the level of the whole mix, where that is to be had.
    """

    stems: tuple[str, ...]
    sample_rate: int
    channels: int
    device: str
    precision: str
    parameters: Mapping[str, str]
    library_versions: Mapping[str, str]
    needs_level: bool

    @classmethod
    def stems_of(cls, model: InstalledModel) -> tuple[str, ...]:
        """Reads the names of a model's stems without loading its weights."""
        ...

    @classmethod
    def load(cls, model: InstalledModel, settings: SeparationSettings) -> Separator:
        """Loads a model, ready to separate.

        Raises:
            AntiphonError: FAILED_PRECONDITION; ``DEVICE_NOT_AVAILABLE``, ``MODEL_UNREADABLE``.
        """
        ...

    def tuned(self, tuning: Tuning) -> Tuning:
        """Fills in this model's own values where none are given.

        Raises:
            AntiphonError: INVALID_ARGUMENT, ``OPTION_NOT_SUPPORTED`` or the name of a field whose value this model
                cannot take.
        """
        ...

    def separate(
        self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = ..., plan: Plan = ...
    ) -> Iterator[SeparatedBlock]:
        """Splits a mix while it arrives, in memory that does not grow with it.

        The stems have as many samples as the mix, and depend on the mix and the plan alone, not on how it was cut into
        blocks. A mix without samples gives no block.

        Args:
            blocks: The mix in any cutting: finite float32, ``(channels, samples)``, at the model's rate.
            checkpoint: Called before each model step; what it raises ends the separation.
            plan: What is to be separated, and how.

        Raises:
            AntiphonError: INVALID_ARGUMENT, ``AUDIO_LEVEL``: a sample is too large to compute with.
        """
        ...


class Task(Protocol):
    """One job as the worker hands it over: the uploaded audio, and a way to learn that nobody wants it any more."""

    source: Source

    def checkpoint(self) -> None:
        """Raises ``antiphon_wire.errors.Cancelled`` where the job was cancelled."""
        ...


@dataclass(frozen=True)
class SeparationRequest:
    """What to separate into.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        stems: Stems wanted, without repeats, see ``stems.select``; empty for all that the model has.
        encoding: Encoding of the stems, one that ``chassis.audio.Encoder`` knows.
        tuning: What is not left to the model.
        sample_rate: Rate of the stems (Hz); 0 for that of the source, None for that of the model.
        rescale: Whether to make all stems quieter by one gain, found in a pass of its own, where one would clip.
    """

    model: str = ""
    stems: tuple[str, ...] = ()
    encoding: str = "flac"
    tuning: Tuning = Tuning()
    sample_rate: int | None = None
    rescale: bool = False


@dataclass(frozen=True)
class Header:
    """What will be sent: the source as far as it is known, the stems in their order within a block, their format."""

    source: SourceFacts
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
class StemFacts:
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

    source: SourceFacts
    stems: tuple[StemFacts, ...]
    work: WorkFacts
    warnings: tuple[WarningFacts, ...] = field(default=())
    sum_bound_db: float | None = None
    residual_energy_share: float | None = None
    gain: float | None = None
