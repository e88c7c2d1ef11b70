"""Which model a service of this machine uses when none is named."""

from __future__ import annotations

from typing import Any

import grpc

from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.essentia.v1 import essentia_service_pb2_grpc as essentia_grpc
from antiphon.generation.v1 import generation_service_pb2 as generation_pb2
from antiphon.generation.v1 import generation_service_pb2_grpc as generation_grpc
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2_grpc as llm_audio_grpc
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.separation.v1 import separation_service_pb2_grpc as separation_grpc
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon.speech.v1 import speech_service_pb2_grpc as speech_grpc
from antiphon_wire.channels import open_sync_channel

_FAMILIES: dict[str, tuple[Any, Any]] = {
    "separation": (separation_grpc.SeparationServiceStub, separation_pb2.ListModelsRequest),
    "speech": (speech_grpc.SpeechServiceStub, speech_pb2.ListModelsRequest),
    "essentia": (essentia_grpc.EssentiaServiceStub, essentia_pb2.ListModelsRequest),
    "generation": (generation_grpc.GenerationServiceStub, generation_pb2.ListModelsRequest),
    "llm_audio": (llm_audio_grpc.LlmAudioServiceStub, llm_audio_pb2.ListModelsRequest),
}


def default_model(service: str, port: int) -> str:
    """Names the service's default model, and whether it is installed; ``-`` where there is none or nobody says."""
    if service not in _FAMILIES:
        return "-"
    stub, request = _FAMILIES[service]
    with open_sync_channel(f"127.0.0.1:{port}", None) as channel:
        try:
            models = stub(channel).ListModels(request(), timeout=2.0).models
        except grpc.RpcError:
            return "-"
    for model in models:
        if model.default_model:
            return str(model.identity.name) + ("" if model.installed else f" (not installed: {model.install_command})")
    return "-"
