"""The callers: ``python -m tools.rehearsal.callers TARGET``, analyses one after the other by the SDK.

Commanded over its input: ``begin`` has them ask, ``end`` has them finish what is under way and then tell of each
analysis since ``begin``, as one line of JSON.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import sys
import time
from dataclasses import dataclass

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_client import AntiphonClientError, Client
from antiphon_client.errors import from_status
from tools.rehearsal.recordings import FORMAT, KINDS, Kind

CALL_SECONDS = 60.0
"""The callers' own deadline; what is not answered by then is lost."""
_PAUSE_SECONDS = 0.05
_CONFIG = essentia_pb2.AnalysisConfig(groups=["rhythm"])


@dataclass
class Analysis:
    """What became of one analysis.

    Attributes:
        kind: Name of its :class:`Kind`.
        began: When it was asked for, by the monotonic clock of the machine, seconds.
        seconds: How long it took.
        fault: What went wrong, in a word; empty where it was answered rightly.
        attempts: How often the service was asked.
        waited: Whether it was told that a replica was waited for.
        replica: Who answered.
    """

    kind: str
    began: float
    seconds: float = 0.0
    fault: str = ""
    attempts: int = 0
    waited: bool = False
    replica: str = ""


class Callers:
    """Those who ask a gateway, each for one kind of recording.

    Args:
        client: The way to the gateway.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._numbers = itertools.count()
        self._ending = asyncio.Event()
        self._done: list[Analysis] = []
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Has them ask from now on."""
        self._ending.clear()
        self._done = []
        self._tasks = [asyncio.create_task(self._ask_on(kind)) for kind in KINDS for _ in range(kind.callers)]

    async def end(self) -> list[Analysis]:
        """Has them ask no more; gives every analysis since they began, once each has ended."""
        self._ending.set()
        await asyncio.gather(*self._tasks)
        return self._done

    async def _ask_on(self, kind: Kind) -> None:
        while not self._ending.is_set():
            self._done.append(await self.ask(kind))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def ask(self, kind: Kind) -> Analysis:
        """Asks for one analysis, and looks whether the answer is the right one."""
        analysis = Analysis(kind.name, time.monotonic())

        def listen(event: object) -> None:
            if isinstance(event, analysis_pb2.StageProgress):
                queued = event.progress.phase == evidence_pb2.Progress.PHASE_QUEUED
                analysis.waited |= queued and "replica" in event.progress.step

        try:
            record = await self._client.analyze_to_record(
                kind.recording(next(self._numbers)),
                on_event=listen,
                stages=["essentia"],
                essentia=_CONFIG,
                audio_format=FORMAT,
                timeout_seconds=CALL_SECONDS,
            )
            _judge(record, kind, analysis)
        except AntiphonClientError as error:
            analysis.fault = error.reason
        analysis.seconds = time.monotonic() - analysis.began
        return analysis


def _judge(record: record_pb2.AnalysisRecord, kind: Kind, analysis: Analysis) -> None:
    (report,) = record.stage_reports
    analysis.attempts = report.attempt_count
    if report.state != record_pb2.STAGE_STATE_SUCCEEDED:
        analysis.fault = from_status(report.error).reason
        return
    analysis.replica = record.essentia.summary.provenance.engine
    if record.essentia.features.rhythm.bpm != kind.work_ms:
        analysis.fault = "WRONG_ANSWER"


async def run(target: str) -> None:
    """Does what its input says, until that ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with Client(target) as client:
        callers = Callers(client)
        while command := (await reader.readline()).strip():
            if command == b"begin":
                callers.begin()
            else:
                print(json.dumps([dataclasses.asdict(each) for each in await callers.end()]), flush=True)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
