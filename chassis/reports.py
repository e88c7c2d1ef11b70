"""What a worker reports about its work: frozen, plain, free of protobuf and gRPC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Span:
    """A part of a time line: where it starts, and how long it is (s)."""

    start_seconds: float
    seconds: float


@dataclass(frozen=True)
class TimeLineReport:
    """Where the time line of a file holds no sound; silence stands there in what was decoded.

    Attributes:
        late_seconds: Silence before the first sound (s).
        holes: Places in the middle where nothing is stored, the first of them.
        hole_count: All of them.
        hole_seconds: Their length together (s).
    """

    late_seconds: float = 0.0
    holes: tuple[Span, ...] = ()
    hole_count: int = 0
    hole_seconds: float = 0.0


@dataclass(frozen=True)
class SourceReport:
    """What uploaded audio was found to be.

    Attributes:
        container: FFmpeg's name of the container, such as ``mp3``; ``raw`` for PCM.
        codec: FFmpeg's name of the codec, such as ``mp3float``.
        sample_rate: Samples a second of each channel (Hz), as stored.
        channels: Channels, as stored.
        frames: Samples of each channel, silence for a late start and for holes included; None until everything has
            been decoded.
        pcm_sha256: SHA-256 over interleaved float32 little-endian samples at the stored rate, without the silence of a
            late start: the same sound in another container has the same; None until then.
        track: Which of the audio tracks it is, from 0; None for PCM, which has none.
        track_count: Audio tracks in the file; 0 for PCM.
        time_line: Late start and holes, as far as decoded.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    frames: int | None = None
    pcm_sha256: bytes | None = None
    track: int | None = None
    track_count: int = 0
    time_line: TimeLineReport = TimeLineReport()

    @property
    def seconds(self) -> float | None:
        """Length in seconds; None until everything has been decoded."""
        return None if self.frames is None else self.frames / self.sample_rate


@dataclass(frozen=True)
class BytePatch:
    """Bytes that take the place of as many in a stream that was sent.

    Attributes:
        offset: Position of the first in the stream.
        data: The bytes.
    """

    offset: int
    data: bytes


@dataclass(frozen=True)
class ModelReport:
    """The model that was used: name, revision, SHA-256 (hex) by file name and where these come from, licence."""

    name: str
    revision: str
    weights_sha256: Mapping[str, str]
    license_spdx: str
    commercial_use: bool
    digest_source: str = ""


@dataclass(frozen=True)
class WarningReport:
    """Something to know about an answer that is otherwise good.

    Attributes:
        reason: UPPER_SNAKE_CASE.
        message: For a person, with the values.
        field: Path of the answer's field, such as ``rhythm.bpm``; empty where it concerns all.
        place: The part of the audio concerned; None where it is all of it, or no part of the audio.
    """

    reason: str
    message: str
    field: str = ""
    place: Span | None = None


@dataclass(frozen=True)
class WorkReport:
    """How an answer was computed.

    Attributes:
        engine: Name in the service's ENGINES table.
        model: None where the engine uses no weights.
        device: ``cpu`` or ``cuda:0 (…)``: the one that really computed.
        precision: Number format of the computation, such as ``float32``.
        library_versions: Versions that can change the numbers, by distribution name.
        parameters: Parameters in force, defaults filled in.
        seed: Where the model samples.
    """

    engine: str
    model: ModelReport | None
    device: str
    precision: str
    library_versions: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True)
class ProgressReport:
    """How far a job is, measured in work done.

    Attributes:
        fraction: Share of the work, 0 to 1; None where it cannot be known.
        audio_seconds: Audio worked through; None where the work does not follow the audio.
        step: What is being done, in a word or two; empty where there is nothing to say. While loading, the name of what
            is loaded alone: that it is being loaded is the phase, which clients put before it.
        loading: True while a model is being loaded.
        remaining_seconds: Estimate of the wall time left, by :class:`chassis.pace.Pace`; None where it cannot be told.
    """

    fraction: float | None = None
    audio_seconds: float | None = None
    step: str = ""
    loading: bool = False
    remaining_seconds: float | None = None


@dataclass(frozen=True)
class PoolStatus:
    """How the workers of one kind are.

    Attributes:
        kept: Workers there should be; those that are not ready are being started.
        ready: Workers that are up with what they load at start.
        restarts: Workers that died, or were replaced, since the start; not those killed for a call that was given up.
        last_restart: When the last of them did, in seconds since 1970; None where none did.
        last_problem: How it ended, in words; empty where none did.
        admitted: Calls that hold a place.
        admitted_limit: Calls that may at once.
        loaded: What they loaded at start, or could not load and why; empty where nothing.
        sandbox: What keeps them, such as ``landlock 7 + seccomp``, or ``none: …`` with the reason; empty where none is
            up.
        oldest_wait_seconds: How long the call has waited for a worker that waits longest; 0 where none waits.
    """

    kept: int
    ready: int
    restarts: int
    last_restart: float | None
    last_problem: str
    admitted: int
    admitted_limit: int
    loaded: str
    sandbox: str = ""
    oldest_wait_seconds: float = 0.0


@dataclass(frozen=True)
class LoadReport:
    """How long a worker took to load a model.

    Attributes:
        model: Its name in the manifest.
        seconds: Wall time, from 0.
    """

    model: str
    seconds: float

    def __post_init__(self) -> None:
        """Refuses what no clock measures; a worker that says it is not one of ours."""
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"a model cannot load in {self.seconds} s")


@dataclass(frozen=True)
class ModelReadiness:
    """Whether one model of a service can answer.

    Attributes:
        name: In the manifest.
        engine: What runs it.
        default: Whether it answers where a call names no model.
        state: ``ready`` where its files are there and nothing is known against them, ``damaged``, ``not installed``.
        problem: Why it is damaged, in words; empty where it is not.
        command: What installs or mends it; empty where it is ready.
    """

    name: str
    engine: str
    default: bool
    state: Literal["ready", "damaged", "not installed"]
    problem: str = ""
    command: str = ""
