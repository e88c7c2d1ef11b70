"""The whole of Antiphon, started once by its own command on ports of its own; real engines, real weights."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon.essentia.v1 import essentia_service_pb2_grpc as essentia_grpc
from antiphon.generation.v1 import generation_service_pb2_grpc as generation_grpc
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as llm_audio_grpc
from antiphon.separation.v1 import separation_service_pb2_grpc as separation_grpc
from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc
from antiphon_cli.services import BASE_PORT, PORTS

ROOT = Path(__file__).parent.parent.parent
MAX_AUDIO_SECONDS = 100  # so that "too long" is a small file
SERVICES = tuple(PORTS)


@dataclass
class Stack:
    """Where everything listens, and the command that controls it."""

    base_port: int
    environment: dict[str, str]
    metrics_base_port: int

    def port(self, service: str) -> int:
        return self.base_port + PORTS[service] - BASE_PORT

    def target(self, service: str) -> str:
        return f"127.0.0.1:{self.port(service)}"

    def metrics_port(self, service: str) -> int:
        return self.metrics_base_port + PORTS[service] - BASE_PORT

    def antiphon(self, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "antiphon"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def channel(self, service: str) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self.target(service), options=[("grpc.use_local_subchannel_pool", 1)])


STUBS = {
    "gateway": lambda channel: analysis_grpc.AnalysisServiceStub(channel).Analyze,
    "separation": lambda channel: separation_grpc.SeparationServiceStub(channel).Separate,
    "speech": lambda channel: speech_grpc.SpeechServiceStub(channel).Transcribe,
    "essentia": lambda channel: essentia_grpc.EssentiaServiceStub(channel).Analyze,
    "generation": lambda channel: generation_grpc.GenerationServiceStub(channel).Generate,
    "llm_audio": lambda channel: llm_audio_grpc.LlmAudioServiceStub(channel).Describe,
}


def _free_ports(count: int, start: int = 51_000) -> int:
    """First of ``count`` ports in a row, from ``start`` on, that nobody listens on."""
    for base in range(start, start + 9_000, 10):
        sockets = []
        try:
            for port in range(base, base + count):
                each = socket.socket()
                sockets.append(each)
                each.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise AssertionError("no free ports")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    count = max(PORTS.values()) - BASE_PORT + 1
    base = _free_ports(count)
    metrics = _free_ports(count, base + 100)
    # There are no weights of MusicGen that all may have: tiny random ones, made by the service's own environment.
    music = tmp_path_factory.mktemp("music")
    maker = [str(ROOT / ".venvs/generation/bin/python"), "-m", "standins.tiny_musicgen", str(music), "mono"]
    subprocess.run(maker, cwd=ROOT, check=True, capture_output=True, timeout=120)
    environment = {
        **os.environ,
        "ANTIPHON_STATE": str(tmp_path_factory.mktemp("state")),
        "ANTIPHON_SPOOL_DIR": str(tmp_path_factory.mktemp("spool")),
        "ANTIPHON_MAX_AUDIO_SECONDS": str(MAX_AUDIO_SECONDS),
        "ANTIPHON_METRICS_PORT": str(metrics),
        "GENERATION_MODELS": str(music / "store"),
        "GENERATION_MODELS_EXTRA": str(music / "generation" / "models.toml"),
        "GENERATION_DEFAULT_MODEL": "tiny-mono",
    }
    each = Stack(base, environment, metrics)
    started = each.antiphon("up", "--base-port", str(base))
    assert started.returncode == 0, started.stdout + started.stderr
    yield each
    stopped = each.antiphon("down")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
