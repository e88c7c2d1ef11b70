"""Silero's voice detector by onnxruntime: where in a recording there is speech, and whether there is in a stream.

The network is the one inside the faster-whisper distribution (``silero_vad_v6.onnx``, MIT): 512 samples with the 64
before them give a probability, an LSTM's state goes along. The rules that make stretches of probabilities are those of
faster-whisper's defaults, so that both engines listen to the same audio; tests hold the two against each other.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from services.speech.contract import SAMPLE_RATE
from services.speech.recording.spans import Span

FRAME = 512
CONTEXT = 64
STATE = 128
BEGIN = 0.5
"""Probability from which speech begins; it ends below END, for MIN_SILENCE."""
END = 0.35
MIN_SILENCE = 2 * SAMPLE_RATE
MIN_PAUSE = 3 * SAMPLE_RATE // 10
PADDING = 4 * SAMPLE_RATE // 10
BATCH = 10_000


def bundled() -> Path:
    """Finds the network's file inside the installed faster-whisper, which is not imported for it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    found = importlib.util.find_spec("faster_whisper")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("faster-whisper, which carries the voice detector, is not installed")
    return Path(found.origin).parent / "assets" / "silero_vad_v6.onnx"


@dataclass(frozen=True)
class Voice:
    """Where there is a voice; all in order and apart from each other.

    Attributes:
        spans: Speech with up to 0.4 s of margin and the pauses of less than 2 s in it: what is listened to.
        runs: The speech itself, without margins and without pauses of 0.3 s and more; each lies in one of the spans.
    """

    spans: tuple[Span, ...]
    runs: tuple[Span, ...]


class VoiceDetector:
    """The network, loaded; one thread, since frames follow each other. It remembers nothing from call to call."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        # From its bytes, so that there is no folder in which it could look for weights: no file has any elsewhere.
        self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Gives the probability of speech in each 512 of ``samples`` (n,), the last filled up with zeros."""
        filled = np.zeros((len(samples) // FRAME + 1) * FRAME, np.float32)
        filled[: len(samples)] = samples
        frames, stream = filled.reshape(-1, FRAME), self.follow()
        parts = [stream.probabilities(frames[start : start + BATCH]) for start in range(0, len(frames), BATCH)]
        return np.concatenate(parts)

    def find_voice(self, samples: np.ndarray) -> Voice:
        """Finds the voice in ``samples`` (n,)."""
        probabilities, length = self.probabilities(samples), len(samples)
        return Voice(padded(stretches(probabilities, length), length), runs(probabilities, length))

    def follow(self) -> VoiceStream:
        """Makes an ear for one stream: the network is shared, what was heard is its own."""
        return VoiceStream(self._session)


class VoiceStream:
    """What the network heard of one stream, and its opinion of what comes next."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._h = self._c = np.zeros((1, 1, STATE), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)

    def probabilities(self, frames: np.ndarray) -> np.ndarray:
        """Gives the probability of speech, 0 to 1, in each of the next ``frames`` (count, 512), as (count,)."""
        before = np.empty((len(frames), CONTEXT), np.float32)
        before[0], before[1:] = self._context, frames[:-1, -CONTEXT:]
        self._context = frames[-1, -CONTEXT:].copy()
        given = {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        heard, self._h, self._c = self._session.run(None, given)
        return np.asarray(heard, np.float32).reshape(-1)

    def probability(self, frame: np.ndarray) -> float:
        """Gives the probability of speech in the stream's next 512 samples (512,) float32."""
        return float(self.probabilities(frame[None])[0])


def runs(probabilities: np.ndarray, length: int) -> tuple[Span, ...]:
    """Finds speech from where a probability reaches BEGIN to where it falls below END; over pauses below MIN_PAUSE."""
    found: list[Span] = []
    speaking = False
    for index, probability in enumerate(probabilities):
        speaking = probability >= (END if speaking else BEGIN)
        start, end = index * FRAME, min((index + 1) * FRAME, length)
        if not speaking or start >= length:
            continue
        if found and start - found[-1][1] < MIN_PAUSE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def stretches(probabilities: np.ndarray, length: int) -> list[Span]:
    """Finds speech from where a probability reaches BEGIN to where END is not reached again for 2 s."""
    found: list[Span] = []
    begin: int | None = None
    quiet: int | None = None
    for index, probability in enumerate(probabilities):
        at = index * FRAME
        if probability >= BEGIN:
            quiet = None
            begin = at if begin is None else begin
        elif probability < END and begin is not None:
            quiet = at if quiet is None else quiet
            if at - quiet >= MIN_SILENCE:
                if quiet > begin:
                    found.append((begin, quiet))
                begin = quiet = None
    if begin is not None and length > begin:
        found.append((begin, length))
    return found


def padded(spans: list[Span], length: int) -> tuple[Span, ...]:
    """Widens the stretches by 0.4 s before and after, or by half of what is between two of them."""
    edges = [[start, end] for start, end in spans]
    for index, edge in enumerate(edges):
        if index == 0:
            edge[0] = max(0, edge[0] - PADDING)
        if index == len(edges) - 1:
            edge[1] = min(length, edge[1] + PADDING)
            continue
        following = edges[index + 1]
        margin = min(PADDING, (following[0] - edge[1]) // 2)
        edge[1] += margin
        following[0] -= margin
    return tuple((start, end) for start, end in edges)
