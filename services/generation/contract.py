"""What a generation engine must do, and the plain data that generation jobs take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chassis.encodings import WAV, Encoding
from chassis.reports import BytePatch, ProgressReport, SourceReport, WarningReport, WorkReport

if TYPE_CHECKING:
    from chassis.audio import Source
    from chassis.models import InstalledModel
    from services.generation.settings import GenerationSettings

CONTINUATION = "continuation"
MELODY = "melody"
MAX_BLOCK_BYTES = 512 * 1024
"""Most bytes in one PieceBlock."""
SEEDS = 1 << 63
"""Seeds are from 0 up to this number, without it."""


@dataclass(frozen=True)
class Sampling:
    """How each token is chosen.

    Attributes:
        temperature: Flattens (above 1) or sharpens (below 1) the distribution, 1e-6 to 4; 0 takes the likeliest.
        top_k: Tokens to choose from; 0 for all.
        top_p: Chooses from the fewest tokens that have this probability together, above 0 to 1.
        guidance_scale: How closely to follow the prompt, 1 (not amplified) to 20.
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 1.0
    guidance_scale: float = 3.0


@dataclass(frozen=True)
class Order:
    """What an engine is to make.

    Attributes:
        prompts: One text for each piece; an empty one for a piece without.
        seeds: One for each piece.
        seconds: New audio of each piece (s).
        sampling: How tokens are chosen.
        negative_prompt: What the music is not to be; empty for nothing.
        continuation: Samples to go on from, float32 ``(channels, n)`` at the engine's rate; None for none.
        melody: Samples whose tune is followed, likewise; None for none.
        include_clip: Whether the answer begins with the continuation's clip.
    """

    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    seconds: float
    sampling: Sampling = Sampling()
    negative_prompt: str = ""
    continuation: np.ndarray | None = None
    melody: np.ndarray | None = None
    include_clip: bool = False


@dataclass(frozen=True)
class GeneratedBlock:
    """A stretch of every piece, final; without samples it only tells how far it is.

    Attributes:
        samples: float32, ``(pieces, channels, n)``, n >= 0.
        seconds: New audio of each piece for which all tokens are made (s).
    """

    samples: np.ndarray
    seconds: float


class Generator(Protocol):
    """A loaded model that makes music.

    Attributes:
        sample_rate: Rate it takes and gives (Hz).
        channels: Channels it takes and gives.
        follows_melody: Whether it can follow the tune of a clip.
        min_clip_seconds: Shortest clip that it can continue (s).
        longest_seconds: Longest piece that it can make (s); None where there is no such limit.
        sampling: How tokens are chosen where a request says nothing of it.
        device: What computes, such as ``cpu`` or ``cuda:0 (name)``.
        precision: Number format of the computation.
        parameters: What else of it can change the numbers.
        library_versions: Versions that can change the numbers, by distribution name.
    """

    sample_rate: int
    channels: int
    follows_melody: bool
    min_clip_seconds: float
    longest_seconds: float | None
    sampling: Sampling
    device: str
    precision: str
    parameters: Mapping[str, str]
    library_versions: Mapping[str, str]

    @classmethod
    def load(cls, model: InstalledModel, settings: GenerationSettings) -> Generator:
        """Loads a model, ready to generate.

        Raises:
            AntiphonError: FAILED_PRECONDITION; ``DEVICE_NOT_AVAILABLE``, ``MODEL_UNREADABLE``.
        """
        ...

    def token_count(self, text: str) -> int:
        """Tokens that the model's text encoder makes of a prompt."""
        ...

    def frame_counts(self, seconds: float, clip_samples: int, include_clip: bool) -> tuple[int, int]:
        """Samples of each channel that an order gives: all, and how many of them render the clip."""
        ...

    def generate(self, order: Order, checkpoint: Callable[[], None] = ...) -> Iterator[GeneratedBlock]:
        """Makes all pieces together, block by block; the same order gives the same samples on the same device.

        Args:
            order: What to make; within the engine's limits.
            checkpoint: Called before each step of the model; what it raises ends the generation.

        Raises:
            AntiphonError: RESOURCE_EXHAUSTED, ``WORKER_OUT_OF_MEMORY``.
        """
        ...


class Task(Protocol):
    """One job as the worker hands it over: the uploaded clip, and a way to learn that nobody wants it any more."""

    source: Source | None

    def checkpoint(self) -> None:
        """Raises ``antiphon_wire.errors.Cancelled`` where the job was cancelled."""
        ...


@dataclass(frozen=True)
class GenerationRequest:
    """What to generate.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        prompts: A piece is made for each; none for one piece without a prompt.
        pieces_per_prompt: Pieces for each prompt.
        seconds: New audio of each piece (s).
        audio_role: ``CONTINUATION``, ``MELODY``, or empty where there is no clip.
        include_clip: Whether a continuation begins with the clip.
        negative_prompt: What the music is not to be.
        sampling: What is asked for of the fields of :class:`Sampling`; the model's own for the others.
        seed: Of the first piece, the next pieces having the next numbers; None to draw one.
        encoding: How the pieces are to be encoded.
        sample_rate: Of the pieces (Hz); None for the model's own.
    """

    model: str = ""
    prompts: tuple[str, ...] = ()
    pieces_per_prompt: int = 1
    seconds: float = 10.0
    audio_role: str = ""
    include_clip: bool = False
    negative_prompt: str = ""
    sampling: Mapping[str, int | float] = field(default_factory=dict)
    seed: int | None = None
    encoding: Encoding = WAV
    sample_rate: int | None = None


@dataclass(frozen=True)
class Header:
    """What will be sent: the clip as far as it is known, the seeds, the format, the length before encoding."""

    source: SourceReport | None
    model: str
    seeds: tuple[int, ...]
    encoding: str
    sample_rate: int
    channels: int
    frames: int


@dataclass(frozen=True)
class PieceBlock:
    """A part of one piece's encoded stream: at most ``MAX_BLOCK_BYTES``, to be put together in the order sent."""

    piece: int
    data: bytes
    last: bool = False


@dataclass(frozen=True)
class PieceReport:
    """One piece that was sent.

    Attributes:
        piece: Its number, from 0.
        prompt: Its prompt; empty where it had none.
        seed: Its seed.
        frames: Samples of each channel, before encoding.
        clip_frames: How many of them, at the beginning, render the clip.
        sample_rate: Their rate (Hz).
        channels: Channels.
        encoding: Encoding of the bytes sent.
        byte_count: Bytes sent.
        sha256: SHA-256 of the bytes sent, 32 bytes.
        peak: Largest absolute sample before encoding, full scale 1.0; None where there is none.
        rms_dbfs: Root mean square over all channels before encoding (dB); None for digital silence.
        clipped: Samples that the encoding clipped, over all channels.
        patches: What to write into the bytes sent to make a whole file of them.
    """

    piece: int
    prompt: str
    seed: int
    frames: int
    clip_frames: int
    sample_rate: int
    channels: int
    encoding: str
    byte_count: int
    sha256: bytes
    peak: float | None
    rms_dbfs: float | None
    clipped: int
    patches: tuple[BytePatch, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What was made and how; the last thing a generation yields."""

    source: SourceReport | None
    pieces: tuple[PieceReport, ...]
    work: WorkReport
    warnings: tuple[WarningReport, ...] = field(default=())


Event = ProgressReport | Header | PieceBlock | Summary
"""What a generation yields."""
