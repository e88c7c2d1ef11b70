"""What a caller may ask of a recording, checked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from antiphon_wire.errors import invalid
from services.speech.contract.languages import check_language

TASKS = ("transcribe", "translate")
MAX_BEAM_SIZE = 10
MAX_PROMPT_CHARACTERS = 1000
MAX_TEMPERATURES = 6
LEAST_TEMPERATURE = 1e-6
"""Least above 0: scores divided by far less are no numbers any more."""
MAX_SPEAKERS = 20
"""More voices than are told apart by ear, and far more than by this."""
MAX_LYRICS_CHARACTERS = 20_000
MAX_LYRICS_LINES = 2_000


@dataclass(frozen=True)
class TranscriptionRequest:
    """What to write down.

    Attributes:
        model: Name in models.toml; empty for the service's default.
        language: Language spoken, one of LANGUAGE_CODES; None to detect it.
        task: One of TASKS; ``translate`` gives English.
        beam_size: Hypotheses followed at once, 1 to 10.
        word_times: Whether to find the time of each word.
        vad: Whether to skip parts in which Silero hears no speech; it does not know singing.
        initial_prompt: Text that came before, to prime spelling and style; at most 1000 characters.
        hotwords: Words and names to prime spelling throughout; at most 1000 characters together.
        temperatures: Tried in order where decoding failed: rising, each 0 or from LEAST_TEMPERATURE to 1, one to six.
            Above 0 the text is sampled.
        condition_on_previous_text: Whether each 30 s are primed with the text before them.
        no_speech_threshold: Doubt that there is speech, 0 to 1, above which unlikely text is dropped.
        hallucination_guard: Whether text that Whisper made up is dropped.
        diarize: Whether to tell speakers apart; all of the text then comes at the end.
        speaker_count: How many speakers there are, 1 to MAX_SPEAKERS; None to find it.

    Raises:
        AntiphonError: UNKNOWN_LANGUAGE, UNKNOWN_TASK, BEAM_SIZE, PROMPT_TOO_LONG, HOTWORDS_TOO_LONG, TEMPERATURES,
            NO_SPEECH_THRESHOLD, SPEAKER_COUNT.
    """

    model: str = ""
    language: str | None = None
    task: str = "transcribe"
    beam_size: int = 5
    word_times: bool = True
    vad: bool = True
    initial_prompt: str = ""
    hotwords: tuple[str, ...] = ()
    temperatures: tuple[float, ...] = (0.0,)
    condition_on_previous_text: bool = False
    no_speech_threshold: float = 0.6
    hallucination_guard: bool = True
    diarize: bool = False
    speaker_count: int | None = None

    @property
    def may_sample(self) -> bool:
        """Whether any of the temperatures would have the text sampled."""
        return any(temperature > 0.0 for temperature in self.temperatures)

    def __post_init__(self) -> None:
        check_language(self.language)
        _check_task(self.task)
        _check_beam_size(self.beam_size)
        check_prompt(self.initial_prompt)
        _check_hotwords(self.hotwords)
        _check_temperatures(self.temperatures)
        _check_no_speech_threshold(self.no_speech_threshold)
        _check_speaker_count(self.diarize, self.speaker_count)


@dataclass(frozen=True)
class AlignmentRequest:
    """Words known to be sung or said, to be found in the audio.

    Attributes:
        lyrics: One line to a line; at most 20,000 characters and 2,000 lines.
        model: Name in models.toml; empty for the service's default.
        language: One of LANGUAGE_CODES; None to detect it.

    Raises:
        AntiphonError: LYRICS_EMPTY, LYRICS_TOO_LONG, UNKNOWN_LANGUAGE.
    """

    lyrics: str
    model: str = ""
    language: str | None = None

    def __post_init__(self) -> None:
        check_language(self.language)
        lines = self.lyrics.splitlines()
        if not any(character.isalnum() for character in self.lyrics):
            raise invalid("LYRICS_EMPTY", "the lyrics hold no word; give one line to a line", field="config.lyrics")
        if len(self.lyrics) > MAX_LYRICS_CHARACTERS or len(lines) > MAX_LYRICS_LINES:
            raise invalid(
                "LYRICS_TOO_LONG",
                f"the lyrics have {len(self.lyrics)} characters in {len(lines)} lines; give at most "
                f"{MAX_LYRICS_CHARACTERS} in {MAX_LYRICS_LINES}",
                field="config.lyrics",
                characters=len(self.lyrics),
                lines=len(lines),
            )


def check_prompt(prompt: str) -> None:
    """Checks the text that is said to have come before the audio.

    Raises:
        AntiphonError: PROMPT_TOO_LONG above MAX_PROMPT_CHARACTERS.
    """
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise invalid(
            "PROMPT_TOO_LONG",
            f"the prompt has {len(prompt)} characters; give at most {MAX_PROMPT_CHARACTERS}",
            field="config.initial_prompt",
            characters=len(prompt),
            max_characters=MAX_PROMPT_CHARACTERS,
        )


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise invalid(
            "UNKNOWN_TASK",
            f"there is no task {task!r}; choose one of {', '.join(TASKS)}",
            field="config.task",
            task=task,
            known=", ".join(TASKS),
        )


def _check_beam_size(beam_size: int) -> None:
    if not 1 <= beam_size <= MAX_BEAM_SIZE:
        raise invalid(
            "BEAM_SIZE",
            f"a beam of {beam_size}; give 1 to {MAX_BEAM_SIZE}",
            field="config.beam_size",
            beam_size=beam_size,
            max_beam_size=MAX_BEAM_SIZE,
        )


def _check_hotwords(hotwords: tuple[str, ...]) -> None:
    length = len(", ".join(hotwords))
    if length > MAX_PROMPT_CHARACTERS:
        raise invalid(
            "HOTWORDS_TOO_LONG",
            f"the hotwords have {length} characters together; give at most {MAX_PROMPT_CHARACTERS}",
            field="config.hotwords",
            characters=length,
            max_characters=MAX_PROMPT_CHARACTERS,
        )


def _check_temperatures(temperatures: tuple[float, ...]) -> None:
    # Written so that NaN, which compares false with everything, is refused.
    rising = all(low < high for low, high in pairwise(temperatures))
    inside = all(each == 0.0 or LEAST_TEMPERATURE <= each <= 1.0 for each in temperatures)
    if not (rising and inside and 1 <= len(temperatures) <= MAX_TEMPERATURES):
        given = ", ".join(f"{temperature:g}" for temperature in temperatures)
        raise invalid(
            "TEMPERATURES",
            f"the temperatures are {given or 'none'}; give one to {MAX_TEMPERATURES}, rising, each 0, or from "
            f"{LEAST_TEMPERATURE:g} to 1",
            field="config.temperatures",
            temperatures=given,
        )


def _check_no_speech_threshold(threshold: float) -> None:
    if not 0.0 <= threshold <= 1.0:
        raise invalid(
            "NO_SPEECH_THRESHOLD",
            f"the threshold is {threshold:g}; give 0 to 1",
            field="config.no_speech_threshold",
            threshold=threshold,
        )


def _check_speaker_count(diarize: bool, count: int | None) -> None:
    if count is None:
        return
    if not 1 <= count <= MAX_SPEAKERS:
        problem, right = f"{count} speakers", f"give 1 to {MAX_SPEAKERS}, or leave it out to have them counted"
    elif not diarize:
        problem = f"{count} speakers, and they are not to be told apart"
        right = "ask for that by diarize, or leave it out"
    else:
        return
    raise invalid(
        "SPEAKER_COUNT",
        f"{problem}; {right}",
        field="config.speaker_count",
        speaker_count=count,
        max_speakers=MAX_SPEAKERS,
    )
