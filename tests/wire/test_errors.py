"""The error type: it pickles, and engines may raise it without gRPC."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from antiphon_wire.errors import MAX_METADATA_VALUE, AntiphonError, busy, data_loss, invalid, lost, not_ready

ERRORS = [
    invalid("UNKNOWN_STEM", "no stem named x", field="config.stems", stem="x"),
    data_loss("CHUNK_OFFSET", "a gap", byte_offset=3),
    not_ready("MODEL_NOT_INSTALLED", "run this", model="m"),
    busy("QUEUE_FULL", "later", retry_after_seconds=1.5, limit=3),
    lost("died", exit_code=-9),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
def test_an_error_survives_the_way_from_a_worker(error: AntiphonError) -> None:
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def test_variables_are_words_of_bounded_length() -> None:
    assert invalid("R", "m", count=3, long="x" * 600).metadata == {"count": "3", "long": "x" * MAX_METADATA_VALUE}


@pytest.mark.parametrize("module", ["errors", "addresses", "limits"])
def test_what_engines_and_downloads_use_is_imported_without_grpc_and_protobuf(module: str) -> None:
    script = (
        "import sys\n"
        "for name in ('grpc', 'google', 'antiphon'): sys.modules[name] = None\n"
        f"import antiphon_wire.{module}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
