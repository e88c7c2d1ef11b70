# Derived from client.py by tools/unasync.py: change that file, and run the script.
"""The client: every call, without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import grpc

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.llm_audio.v1 import llm_audio_service_pb2 as llm_audio_pb2
from antiphon.separation.v1 import separation_service_pb2 as separation_pb2
from antiphon.speech.v1 import speech_service_pb2 as speech_pb2
from antiphon_client.errors import from_rpc
from antiphon_client.sync_families import SyncFamilyCalls
from antiphon_client.upload import AudioSource
from antiphon_wire import rpcs


class SyncClient(SyncFamilyCalls):
    """Talks to the gateway, or straight to one family, without an event loop.

    Every method raises :class:`AntiphonClientError`. Leaving a loop over events early cancels the call; wrap the
    generator in ``contextlib.closing`` to have that happen at once. May be used from several threads.

    Args:
        target: Address, ``HOST:PORT`` or any gRPC name. ``analyze`` and ``services`` want the gateway's, the other
            calls their family's own.
        tls: Files for an encrypted channel; None for plain text.
        timeout_seconds: Deadline of a call that gives none of its own.
        track: Which audio track of files with several to read, from 0, in calls whose config names none; the default
            one where None.
    """

    def analyze(
        self,
        audio: AudioSource,
        *,
        stages: Sequence[str] = (),
        return_stems: bool = False,
        audio_format: audio_pb2.AudioFormat | None = None,
        separation: separation_pb2.SeparationConfig | None = None,
        speech: speech_pb2.TranscriptionConfig | None = None,
        essentia: essentia_pb2.AnalysisConfig | None = None,
        stem_features: essentia_pb2.AnalysisConfig | None = None,
        llm_audio: llm_audio_pb2.DescriptionConfig | None = None,
        timeout_seconds: float | None = None,
    ) -> Generator[rpcs.AnalyzeEvent, None, None]:
        """Yields what happens while the recording is analysed; an ``AnalysisRecord`` comes last, once.

        Args:
            audio: Path, bytes, binary stream, or iterable of bytes.
            stages: Stages wanted; empty for all.
            return_stems: Whether to send the stems too, as ``SeparationHeader`` and ``StemChunk``.
            audio_format: How to read the bytes; needed for raw PCM, and to name a track of this call.
            separation: Settings of that family; its own defaults where None. So for ``speech`` and ``essentia``.
            speech: See ``separation``.
            essentia: See ``separation``.
            stem_features: What to measure of each stem; the stem group where None.
            llm_audio: What to ask the language model; one full description where None.
            timeout_seconds: Deadline; the client's own where None.
        """
        config = analysis_pb2.AnalysisConfig(
            stages=stages,
            return_stems=return_stems,
            audio_format=audio_format,
            separation=separation,
            speech=speech,
            essentia=essentia,
            stem_features=stem_features,
            llm_audio=llm_audio,
        )
        return self._stream(rpcs.ANALYZE, config, audio, timeout_seconds)

    def analyze_to_record(
        self,
        audio: AudioSource,
        *,
        on_event: Callable[[rpcs.AnalyzeEvent], None] | None = None,
        **settings: Any,
    ) -> record_pb2.AnalysisRecord:
        """Analyses the recording and returns the record; takes what :meth:`analyze` takes."""
        record = record_pb2.AnalysisRecord()
        with closing(self.analyze(audio, **settings)) as events:
            for event in events:
                if on_event is not None:
                    on_event(event)
                if isinstance(event, record_pb2.AnalysisRecord):
                    record = event
        return record

    def services(self, *, timeout_seconds: float = 10.0) -> list[analysis_pb2.ServiceStatus]:
        """Asks the gateway which services it uses and whether each answers."""
        stub: Any = analysis_grpc.AnalysisServiceStub(self._channel)  # type: ignore[no-untyped-call]
        try:
            answer = stub.ListServices(analysis_pb2.ListServicesRequest(), timeout=timeout_seconds)
        except grpc.RpcError as error:
            raise from_rpc(error, self.target, begun=False) from None
        return list(answer.services)
