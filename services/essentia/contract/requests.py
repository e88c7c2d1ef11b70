"""What a caller of the essentia family can ask for, checked."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon_wire.errors import invalid
from antiphon_wire.spelling import did_you_mean

# What is measured where a call names nothing.
GROUPS = ("signal", "loudness", "rhythm", "tonal", "pitch", "spectral", "timbre", "structure", "timbral")
# Measured only of a stem, so that it must be asked for.
STEM = "stem"
# What a player draws; large, so that it must be asked for.
OVERVIEW = "overview"
ALL_GROUPS = (*GROUPS, STEM, OVERVIEW)
# The time series of the groups that were asked for; and the group that a network scores.
SERIES = "series"
AESTHETICS = "aesthetics"
# Shortest and longest step of the series of windows.
SERIES_WINDOW_SECONDS = (1.0, 600.0)
KEY_PROFILES = ("edma", "bgate", "temperley", "krumhansl", "shaath")
# One of each origin: electronic music, listening tests. shaath, made for popular music, is nearly krumhansl again (they
# correlate by 0.99 in major, 0.97 in minor, closer than any other two): both would count that one twice.
USUAL_KEY_PROFILES = ("edma", "krumhansl")
# Names in models.toml.
SWIFT_F0, BASIC_PITCH = "swift-f0", "basic-pitch"
BEATNET, MADMOM_KEY, MADMOM_CHORDS = "beatnet", "madmom-key", "madmom-chords"
# The first is the default.
MELODY_ENGINES = (SWIFT_F0, "melodia")
# Slowest and fastest tempo that may be asked for: at 20 a beat takes three
# seconds, and what is taken for a beat at 400 is a sixteenth.
TEMPO_LIMITS_BPM = (20.0, 400.0)
# Stands among the groups of a call for tags with its own default settings.
TAGS = "tags"


@dataclass(frozen=True)
class TagRequest:
    """Which tags to give.

    Attributes:
        models: Names of models; empty for the service's own choice, as far as they are installed.
        threshold: Least score of a tag, 0 to 1.
        top_k: Most tags of a model, the best first.
        all_scores: Whether to give every label's score; threshold and top_k say nothing then.
        embeddings: Whether to give the embeddings of the patches.
        patch_scores: Whether to give the scores of each patch.
        normalise_gain: Whether to bring the recording to a common loudness first.
    """

    models: tuple[str, ...] = ()
    threshold: float = 0.1
    top_k: int = 10
    all_scores: bool = False
    embeddings: bool = False
    patch_scores: bool = False
    normalise_gain: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise invalid(
                "TAG_THRESHOLD",
                f"threshold is {self.threshold:g}; give a score from 0 to 1",
                field="config.tags.threshold",
                threshold=self.threshold,
            )
        if self.top_k < 1:
            raise invalid(
                "TAG_TOP_K", f"top_k is {self.top_k}; give 1 or more", field="config.tags.top_k", top_k=self.top_k
            )


@dataclass(frozen=True)
class AnalysisRequest:
    """What to measure.

    Attributes:
        groups: Names out of ALL_GROUPS and AESTHETICS, in any order.
        include_series: Whether to give the time series of those groups too.
        melody: Whether the pitch group follows the melody.
        tags: Which tags to give; None for none.
        tags_only: Whether to measure nothing else.
        stem: Name of the stem that the recording is; empty where it is none. The group "stem" needs it.
        beat_seconds: Beats of the mix that the stem comes from, ascending; empty for the stem's own.
        series_window_seconds: Step of the series of windows.
        key_profiles: Profiles that vote on the key, out of KEY_PROFILES; empty for USUAL_KEY_PROFILES.
        min_bpm: Slowest tempo to give.
        max_bpm: Fastest tempo to give.
        melody_engine: What follows the melody, one of MELODY_ENGINES.
        notes: Whether the pitch group finds the notes of all voices.
    """

    groups: tuple[str, ...] = GROUPS
    include_series: bool = False
    melody: bool = False
    tags: TagRequest | None = None
    tags_only: bool = False
    stem: str = ""
    beat_seconds: tuple[float, ...] = ()
    series_window_seconds: float = 10.0
    key_profiles: tuple[str, ...] = ()
    min_bpm: float = 30.0
    max_bpm: float = 300.0
    melody_engine: str = MELODY_ENGINES[0]
    notes: bool = False

    def __post_init__(self) -> None:
        self._check_music()
        for name in self.groups:
            if name not in (*ALL_GROUPS, AESTHETICS):
                known = ", ".join((*ALL_GROUPS, AESTHETICS))
                raise invalid(
                    "UNKNOWN_GROUP",
                    f"there is no group {name!r}; {did_you_mean(name, (*ALL_GROUPS, AESTHETICS))}choose from {known}",
                    field="config.groups",
                    group=name,
                    known=known,
                )
        if STEM in self.groups and not self.stem:
            raise invalid(
                "STEM_UNNAMED", 'the group "stem" was asked for; name the stem that the audio is', field="config.stem"
            )
        shortest, longest = SERIES_WINDOW_SECONDS
        if not shortest <= self.series_window_seconds <= longest:
            raise invalid(
                "SERIES_WINDOW",
                f"series_window_seconds is {self.series_window_seconds:g}; give {shortest:g} to {longest:g}",
                field="config.series_window_seconds",
                seconds=self.series_window_seconds,
            )
        if any(not 0 <= time < float("inf") for time in self.beat_seconds) or list(self.beat_seconds) != sorted(
            self.beat_seconds
        ):
            raise invalid("BEAT_SECONDS", "beat_seconds must be 0 or more and ascending", field="config.beat_seconds")

    def networks(self) -> tuple[str, ...]:
        """Names the models without which there is no answer, in the order in which they run."""
        if "pitch" not in self.groups:
            return ()
        follows = self.melody and self.melody_engine == SWIFT_F0
        return (*((SWIFT_F0,) if follows else ()), *((BASIC_PITCH,) if self.notes else ()))

    @property
    def measures(self) -> bool:
        """Whether any group is wanted that a FeatureExtractor measures."""
        return not self.tags_only and set(self.groups) != {AESTHETICS}

    def described(self) -> dict[str, str]:
        """Tells what was asked for, as an answer's evidence has it."""
        return {
            "groups": "" if self.tags_only else ",".join(self.groups),
            "include_series": str(self.include_series).lower(),
            "melody": str(self.melody).lower(),
            "melody_engine": self.melody_engine if self.melody else "",
            "notes": str(self.notes).lower(),
            "key_profiles": ",".join(self.key_profiles or USUAL_KEY_PROFILES),
            "min_bpm": f"{self.min_bpm:g}",
            "max_bpm": f"{self.max_bpm:g}",
            "stem": self.stem,
            "beats_given": str(len(self.beat_seconds)),
            "series_window_seconds": f"{self.series_window_seconds:g}",
            **({} if self.tags is None else {"normalise_gain": str(self.tags.normalise_gain).lower()}),
        }

    def _check_music(self) -> None:
        for name in self.key_profiles:
            if name not in KEY_PROFILES:
                known = ", ".join(KEY_PROFILES)
                raise invalid(
                    "UNKNOWN_KEY_PROFILE",
                    f"there is no key profile {name!r}; {did_you_mean(name, KEY_PROFILES)}choose from {known}",
                    field="config.key_profiles",
                    profile=name,
                    known=known,
                )
        slowest, fastest = TEMPO_LIMITS_BPM
        if not slowest <= self.min_bpm < self.max_bpm <= fastest:
            raise invalid(
                "TEMPO_RANGE",
                f"tempos from {self.min_bpm:g} to {self.max_bpm:g} were asked for; give min_bpm below max_bpm, both "
                f"from {slowest:g} to {fastest:g}",
                field="config.min_bpm",
                min_bpm=self.min_bpm,
                max_bpm=self.max_bpm,
            )
        if self.melody_engine not in MELODY_ENGINES:
            known = ", ".join(MELODY_ENGINES)
            raise invalid(
                "UNKNOWN_MELODY_ENGINE",
                f"there is no melody engine {self.melody_engine!r}; {did_you_mean(self.melody_engine, MELODY_ENGINES)}"
                f"choose from {known}",
                field="config.melody_engine",
                engine=self.melody_engine,
                known=known,
            )
