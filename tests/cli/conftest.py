"""A gateway that follows a script in a process of its own, and a way to run the command line."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc
from tests.cli.scripted_speech import ScriptedSpeech
from tests.fixtures.gateway_process import Gateway, environment, gateway_process

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway_process(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def antiphon(tmp_path: Path) -> Run:
    """Runs the command line in ``tmp_path`` and returns what it wrote."""

    def run(
        *arguments: str | bytes | Path, stdin: bytes | None = None, **changes: str
    ) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-P", "-m", "antiphon_cli", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(**changes),
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def speech() -> Iterator[tuple[str, ScriptedSpeech]]:
    server, servicer = grpc.server(futures.ThreadPoolExecutor(4)), ScriptedSpeech()
    speech_grpc.add_SpeechServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer
    server.stop(None)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of a WAV file."""
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path
