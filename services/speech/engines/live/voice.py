"""Voice activity frame by frame: Silero's probabilities."""

from __future__ import annotations

from pathlib import Path

import faster_whisper
import numpy as np
import onnxruntime

CONTEXT = 64
STATE = (1, 1, 128)


class Silero:
    """The detector that comes inside faster-whisper, for one stream: it remembers what it heard."""

    def __init__(self) -> None:
        path = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._state = {"h": np.zeros(STATE, np.float32), "c": np.zeros(STATE, np.float32)}
        self._context = np.zeros(CONTEXT, np.float32)

    def probability(self, frame: np.ndarray) -> float:
        """Probability of speech, 0 to 1, in the next FRAME samples (FRAME,) float32."""
        given = np.concatenate([self._context, frame])[None]
        self._context = frame[-CONTEXT:]
        heard, h, c = self._session.run(None, {"input": given, **self._state})
        self._state = {"h": h, "c": c}
        return float(heard.reshape(-1)[0])
