"""What a call may ask for, and what an engine is then told to do."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon_wire.errors import invalid
from chassis.encodings import FLAC, Encoding

MAX_SHIFTS = 20
MAX_OVERLAP = 0.95
MIN_SEGMENT_SECONDS = 1.0


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
        """Gives what is not left to the model, by the name of its field in the config."""
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
class SeparationRequest:
    """What to separate into.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        stems: Stems wanted, without repeats, see ``services.separation.stems.selection``; empty for all that the model
            has.
        encoding: How the stems are to be encoded.
        tuning: What is not left to the model.
        sample_rate: Rate of the stems (Hz); 0 for that of the source, None for that of the model.
        rescale: Whether to make all stems quieter by one gain, found in a pass of its own, where one would clip.
    """

    model: str = ""
    stems: tuple[str, ...] = ()
    encoding: Encoding = FLAC
    tuning: Tuning = Tuning()
    sample_rate: int | None = None
    rescale: bool = False


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
