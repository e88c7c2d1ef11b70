"""``antiphon status`` tells which models can answer, and what mends one that is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest

from antiphon.status.v1 import status_service_pb2 as pb
from antiphon.status.v1 import status_service_pb2_grpc as pb_grpc
from antiphon_cli.stack.state import Phase, ServiceState
from antiphon_cli.status.models import complaints, counted, model_states, without_models
from antiphon_cli.status.supervised import Supervised, table

MODELS = [
    pb.ModelStatus(name="base", engine="whisper", default_model=True, state=pb.ModelStatus.STATE_READY),
    pb.ModelStatus(
        name="tiny",
        engine="whisper",
        state=pb.ModelStatus.STATE_DAMAGED,
        problem="MODEL_CORRUPT: weights of the model 'tiny' is damaged",
        command="antiphon models pull tiny",
    ),
    pb.ModelStatus(name="large", engine="whisper", state=pb.ModelStatus.STATE_NOT_INSTALLED, command="antiphon …"),
]


class Told(pb_grpc.StatusServiceServicer):
    def GetStatus(self, request: pb.GetStatusRequest, context: grpc.ServicerContext) -> pb.GetStatusResponse:
        return pb.GetStatusResponse(models=MODELS)


@pytest.fixture
def port() -> Iterator[int]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    pb_grpc.add_StatusServiceServicer_to_server(Told(), server)  # type: ignore[no-untyped-call]
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield number
    server.stop(None)


def test_ready_damaged_and_missing_models_are_told_apart(port: int) -> None:
    models = model_states(port)
    assert models is not None
    assert {model["name"]: model["state"] for model in models} == {
        "base": "ready",
        "tiny": "damaged",
        "large": "not installed",
    }
    assert models[0]["default"]
    assert counted(models) == "1 of 3"
    assert list(complaints("speech", models)) == [
        "\nspeech: the model tiny is damaged: MODEL_CORRUPT: weights of the model 'tiny' is damaged",
        "  mend with: antiphon models pull tiny",
    ]


def test_who_does_not_answer_has_none(unused_tcp_port: int) -> None:
    assert model_states(unused_tcp_port) is None
    assert counted([]) == "-"


def served(name: str, models: list[dict[str, object]]) -> Supervised:
    return Supervised(ServiceState(name, 1, Phase.READY, pid=1), "SERVING", {}, models)


def test_a_service_without_a_model_is_listed_with_what_to_do() -> None:
    text = "\n".join(table([served("generation", []), served("gateway", []), served("speech", [{"state": "ready"}])]))
    assert "generation: none of its models can answer, so it refuses every call" in text
    assert "services/generation/README.md" in text
    assert "gateway: none" not in text
    assert "speech: none" not in text
    assert any(line.split() == ["generation", "-", "-"] for line in text.splitlines())


def test_a_default_model_that_is_missing_is_named_with_its_command() -> None:
    missing = {"name": "a", "state": "not installed", "default": True, "command": "antiphon models pull a"}
    assert list(without_models("speech", [missing]))[-1] == "  install one with: antiphon models pull a"
