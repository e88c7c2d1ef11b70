"""A network's file in ONNX Runtime, on the processor, with no threads beyond those that are given."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Loads an ONNX file.

    Args:
        path: The file.
        threads: Threads that one run may use.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    # Threads that spin between two runs take the cores from everybody else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # From its bytes, so that there is no folder in which it could look for weights: no file has any elsewhere.
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
