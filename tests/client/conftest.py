"""A gateway that follows a script, in this process or in one of its own, and a way to run the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from scripted_peer import ScriptedPeer, serve  # noqa: E402
from scripted_speech import ScriptedSpeech  # noqa: E402

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@dataclass(frozen=True)
class Peer:
    """A scripted gateway in this event loop."""

    target: str
    seen: ScriptedPeer
    server: grpc.aio.Server


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    server, seen, port = await serve("127.0.0.1:0")
    yield Peer(f"127.0.0.1:{port}", seen, server)
    await server.stop(None)


@dataclass(frozen=True)
class Gateway:
    """A scripted gateway in a process of its own."""

    target: str
    log: Path


def environment(**changes: str) -> dict[str, str]:
    """Our environment with the import path of the client, in a locale without UTF-8 tricks."""
    path = os.pathsep.join([*(str(ROOT / part) for part in ("cli", "client", "renderers", "wire", "gen")), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "100", **changes}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    port_file, log = folder / "port", folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "scripted_peer.py"), str(port_file)],
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    wait_until(lambda: port_file.exists() or process.poll() is not None)
    yield Gateway(f"127.0.0.1:{port_file.read_text()}", log)
    process.terminate()
    process.wait(10)


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


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for something that another process does; fails where it does not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
