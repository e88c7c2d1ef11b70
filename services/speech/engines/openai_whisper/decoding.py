"""Decodes 30 s: one attempt for each temperature, and what comes out cut into lines.

The bounds for trying again and the rules of time tokens are Whisper's own (its ``transcribe.py``), so that both engines
take the same decisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from whisper.decoding import DecodingOptions, DecodingResult, DecodingTask
from whisper.tokenizer import Tokenizer

from services.speech.contract import TranscriptionRequest
from services.speech.engines.openai_whisper.weights import Network
from services.speech.recording.screening import REPETITIVE, UNLIKELY

BEST_OF = 5
STEP_SECONDS = 0.02
"""Between two time tokens."""
STEP_FRAMES = 2
"""Frames of the spectrogram between two time tokens."""


@dataclass(frozen=True)
class Cut:
    """A line of tokens with its times in seconds of the 30 s."""

    start: float
    end: float
    tokens: tuple[int, ...]


def decode(
    network: Network,
    encoded: torch.Tensor,
    request: TranscriptionRequest,
    language: str,
    primer: Sequence[int],
    room: int,
) -> DecodingResult:
    """Decodes encoded audio (1, frames, width), at each temperature in turn until one does not fail.

    ``room`` is how many tokens the text may have; all there is beside the primer where that is less.
    """
    for temperature in request.temperatures:
        result = _attempt(network, encoded, request, language, primer, temperature, room)
        unlikely = result.avg_logprob < UNLIKELY
        if unlikely and result.no_speech_prob > request.no_speech_threshold:
            break  # silence, which sampling would only find words for
        if not unlikely and result.compression_ratio <= REPETITIVE:
            break
    return result


def _attempt(
    network: Network,
    encoded: torch.Tensor,
    request: TranscriptionRequest,
    language: str,
    primer: Sequence[int],
    temperature: float,
    room: int,
) -> DecodingResult:
    sampling = {"best_of": BEST_OF} if temperature > 0.0 else {"beam_size": request.beam_size, "patience": 1.0}
    options = DecodingOptions(
        task=request.task,
        language=language,
        temperature=temperature,
        sample_len=room,
        prompt=list(primer) or None,
        fp16=encoded.dtype == torch.float16,
        **sampling,
    )
    with torch.no_grad():
        (result,) = DecodingTask(network, options).run(encoded)
    return result


def cuts(tokens: Sequence[int], tokenizer: Tokenizer, frames: int) -> Iterator[Cut]:
    """Yields the lines between pairs of time tokens; one line where there is no such pair.

    Text after the last pair is left out, unless a single time token ends it: it is heard again in the next 30 s, which
    begin at that pair. ``frames`` is how many frames of the spectrogram there are.
    """
    first = tokenizer.timestamp_begin
    seconds = [(token - first) * STEP_SECONDS if token >= first else None for token in tokens]
    pairs = [at for at in range(1, len(tokens)) if seconds[at - 1] is not None and seconds[at] is not None]
    if not pairs:
        known = [each for each in seconds if each]
        yield Cut(0.0, known[-1] if known else frames / STEP_FRAMES * STEP_SECONDS, tuple(tokens))
        return
    if ends_with_single_time(tokens, first):
        pairs.append(len(tokens))
    begin = 0
    for end in pairs:
        yield Cut(seconds[begin] or 0.0, seconds[end - 1] or 0.0, tuple(tokens[begin:end]))
        begin = end


def advance(tokens: Sequence[int], first_time: int, frames: int) -> int:
    """Tells how many frames of the spectrogram are done with: all, or those up to the last pair of time tokens."""
    pairs = [at for at in range(1, len(tokens)) if tokens[at - 1] >= first_time and tokens[at] >= first_time]
    if not pairs or ends_with_single_time(tokens, first_time):
        return frames
    return (tokens[pairs[-1] - 1] - first_time) * STEP_FRAMES


def ends_with_single_time(tokens: Sequence[int], first_time: int) -> bool:
    """Tells whether the last token is a time and the one before it is text: nothing is said after it."""
    return len(tokens) >= 2 and tokens[-2] < first_time <= tokens[-1]
