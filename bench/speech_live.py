"""How soon live words are settled, what a stream costs, and how many streams a core carries.

    .venvs/speech/bin/python bench/speech_live.py [--clock cpu|wall] [--streams 1 3] [--workers 2] [--seconds 75]
        [--lines 5] [--skip 0] [--errors]

Read English, clips of LibriVox and then telephone prompts (Debian's pocketsphinx-testdata and asterisk-core-sounds-en),
is heard by each stream at the pace of speech, each stream beginning a little after the one before.

* ``cpu``: the streams of one worker share one core; the clock runs ahead while there is nothing to do, and counts CPU
  seconds while there is. Sturdy on a machine that others use too; it does not know that cores share their memory.
* ``wall``: through the service, over gRPC, in chunks of 0.1 s that are sent when they have been spoken. Means what it
  says on an idle machine only; the load is printed.

Delay: from the end of a word, as the model times it, to its final result. Error rates are by words, without case, "2"
and "two" being the same, and stand beside that of the file mode on the same audio.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")]

from antiphon.audio.v1 import audio_pb2  # noqa: E402
from antiphon.speech.v1 import speech_service_pb2 as pb  # noqa: E402
from antiphon_client import Client  # noqa: E402
from bench import read_english  # noqa: E402
from bench.speech_material import recordings  # noqa: E402
from bench.speech_material.word_errors import differences, word_errors, words  # noqa: E402
from bench.speech_simulation import delays, simulate, text  # noqa: E402
from chassis.family.host import FamilyHost  # noqa: E402
from chassis.models import Store  # noqa: E402
from chassis.server import Server, ServerSettings, WorkerSettings  # noqa: E402
from services.speech import service  # noqa: E402
from services.speech.contract import SAMPLE_RATE, Segment, TranscriptionRequest  # noqa: E402
from services.speech.engines.faster_whisper import FasterWhisper  # noqa: E402
from services.speech.live.contract import LiveRequest  # noqa: E402
from services.speech.live.whisper import LiveWhisper  # noqa: E402
from services.speech.settings import SpeechSettings  # noqa: E402

CHUNK = SAMPLE_RATE // 10
ROW = "{:<7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}"
HEAD = ROW.format("streams", "p50 s", "p90 s", "p99 s", "WER %", "skipped", "max lag s", "end lag s", "CPU/audio")


def main() -> None:
    """Entry point."""
    options = _arguments()
    store = Store(options.models, ROOT / "services" / "speech" / "models.toml")
    installed = store.require(options.model)
    settings = SpeechSettings(
        device="cpu", default_model=options.model, live_streams=max(options.streams), live_workers=options.workers
    )
    speech = _read(options)
    length = len(speech.audio) / SAMPLE_RATE
    print(
        f"{options.model}, {length:.1f} s of speech, {speech.word_count} words, {options.workers} workers, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    by_file = _file_text(FasterWhisper.load(installed, settings), speech.audio)
    print(f"file mode: WER {speech.percent(by_file)} %")
    if options.errors:
        print(f"  {'; '.join(differences(speech.text, by_file))}")
    print(HEAD)
    for count in options.streams:
        if options.clock == "wall":
            heard = asyncio.run(_paced(settings, store, speech, count))
        else:
            heard = _simulated(LiveWhisper.load(installed, settings), speech, count, options.workers)
        if options.errors:
            print("\n".join(f"  {'; '.join(differences(speech.text, each))}" for each in heard))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="see above")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 3], help="streams at once, one run for each")
    parser.add_argument("--workers", type=int, default=2, help="live workers, each on a core")
    parser.add_argument("--seconds", type=float, default=75.0, help="least length of the speech, up to 150 s")
    parser.add_argument("--lines", type=int, default=5, help="lines of LibriVox before the prompts, 0 to 5")
    parser.add_argument("--skip", type=int, default=0, help="prompts passed over: other speech")
    parser.add_argument("--errors", action="store_true", help="print what was heard otherwise than it was said")
    parser.add_argument("--model", default="whisper-base", help="name in models.toml")
    parser.add_argument("--models", type=Path, default=None, help="model store")
    return parser.parse_args()


@dataclass(frozen=True)
class Speech:
    """What is heard, float32 (n,), and its text."""

    audio: np.ndarray
    text: str

    @property
    def word_count(self) -> int:
        """How many words there are."""
        return len(words(self.text))

    def percent(self, heard: str) -> str:
        """Word error rate of a transcript."""
        return f"{100 * word_errors(self.text, heard) / len(words(self.text)):.1f}"


def _read(options: argparse.Namespace) -> Speech:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        text, _ = read_english.write(path, options.seconds, options.lines, options.skip)
        return Speech(recordings.read_wav(path), text)


def _simulated(model: LiveWhisper, speech: Speech, count: int, workers: int) -> list[str]:
    model.hear(speech.audio[: 5 * SAMPLE_RATE], "en", "", ())
    heard = []
    for share in (len(range(worker, count, workers)) for worker in range(min(workers, count))):
        started = time.process_time()
        speakers = simulate(model, [speech.audio] * share, LiveRequest(language="en"))
        cost = (time.process_time() - started) / share / (len(speech.audio) / SAMPLE_RATE)
        for speaker in speakers:
            session = speaker.session
            end = speaker.told[-1][0] - speaker.offset - session.seconds
            heard.append(text(speaker))
            wer = speech.percent(heard[-1])
            _row(count, delays(speaker), wer, session.skipped_steps, session.max_lag, end, cost)
    return heard


async def _paced(settings: SpeechSettings, store: Store, speech: Speech, count: int) -> list[str]:
    audio = speech.audio
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        server_settings = ServerSettings(port=port, spool_dir=Path(folder), lame_duck_seconds=0.0)
        host = FamilyHost(service.family(settings), server_settings, WorkerSettings(models=store.root))
        server = Server("speech", server_settings)
        server.add(service.Servicer(host), service.register, service.FULL_NAME)
        host.live.start()
        await server.start()
        while not host.live.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        ready = _cpu_seconds(host.live.pids)
        # The second worker is started when the first has a stream, and takes a few seconds.
        stagger = 1 / 3 if settings.live_workers == 1 else 5.0
        try:
            async with Client(f"127.0.0.1:{port}") as client:
                rows = await asyncio.gather(*(_stream(client, audio, index * stagger) for index in range(count)))
            cost = (_cpu_seconds(host.live.pids) - ready) / count / (len(audio) / SAMPLE_RATE)
            for late, heard, summary, end in rows:
                lag = summary.max_lag.ToNanoseconds() / 1e9
                _row(count, late, speech.percent(heard), summary.skipped_hypothesis_count, lag, end, cost)
            print(f"load {os.getloadavg()[0]:.1f}")
            return [heard for _, heard, _, _ in rows]
        finally:
            await server.drain()
            await host.close()


async def _stream(client: Client, audio: np.ndarray, offset: float) -> tuple[list[float], str, Any, float]:
    await asyncio.sleep(offset)
    data = (audio * 32767).astype("<i2").tobytes()
    started = time.monotonic()

    async def chunks() -> AsyncIterator[bytes]:
        for position in range(0, len(data), 2 * CHUNK):
            spoken = min(position // 2 + CHUNK, len(audio)) / SAMPLE_RATE
            await asyncio.sleep(max(0.0, started + spoken - time.monotonic()))
            yield data[position : position + 2 * CHUNK]

    format_ = audio_pb2.AudioFormat(
        encoding=audio_pb2.INPUT_ENCODING_PCM_S16LE, sample_rate_hertz=SAMPLE_RATE, channel_count=1
    )
    config = pb.StreamingRecognitionConfig(language_code="en", audio_format=format_)
    late: list[float] = []
    heard, summary = "", pb.StreamingRecognitionSummary()
    async for event in client.recognize(chunks(), config):
        if isinstance(event, pb.FinalResult):
            now = time.monotonic() - started
            late += [now - word.end_offset.ToNanoseconds() / 1e9 for word in event.words]
            heard += event.text
        elif isinstance(event, pb.StreamingRecognitionSummary):
            summary = event
    return late, heard, summary, time.monotonic() - started - len(audio) / SAMPLE_RATE


def _cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _file_text(model: FasterWhisper, audio: np.ndarray) -> str:
    events = model.listen([audio[None]], TranscriptionRequest(language="en"), lambda: None)
    return " ".join(event.text for event in events if isinstance(event, Segment))


def _row(count: int, late: list[float], wer: str, skipped: int, lag: float, end: float, cost: float) -> None:
    quantiles = [f"{value:.2f}" for value in np.quantile(late, [0.5, 0.9, 0.99])] if late else ["-"] * 3
    print(ROW.format(count, *quantiles, wer, skipped, f"{lag:.2f}", f"{end:.2f}", f"{cost:.2f}"), flush=True)


if __name__ == "__main__":
    main()
