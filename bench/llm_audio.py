"""Language models against what they stand on: prefix reuse, the service's overhead, llama.cpp's own loop.

``.venvs/llm_audio/bin/python -m bench.llm_audio [--rounds N]`` prints three comparisons, each
side in turn in the same run, least CPU of the rounds:

* five prompts on one clip in one call, against a process and a model load for each prompt (a tiny Music Flamingo of
  random weights: what counts is what is computed, not what is said);
* 100 tokens through the service over the wire, against the bare engine (SmolLM2);
* text-gguf, against llama-cpp-python's own completion with the same prompt (SmolLM2).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_client import Client
from chassis.family.host import FamilyHost
from chassis.models import Store
from chassis.server import Server, ServerSettings, WorkerSettings
from services.llm_audio import service
from services.llm_audio.contract import DescriptionRequest, Ending, Sampling, Turn, Usage
from services.llm_audio.engines.music_flamingo_gguf import MusicFlamingoGguf
from services.llm_audio.engines.text_gguf import TextGguf
from services.llm_audio.job import Jobs
from services.llm_audio.settings import LlmAudioSettings
from standins import tiny_flamingo

ROOT = Path(__file__).parent.parent
SMOL = "smollm2-135m-instruct"
SETTINGS = LlmAudioSettings("text-gguf", device="cpu")
FACTS = json.dumps({"tempo": 120, "key": "A minor", "genres": ["house"], "length": "3 minutes"})
NAMES = ("full", "technical", "genre_mood", "instrumentation", "structure")
TOKENS = 100
SECONDS = 60


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side; the least CPU counts")
    parser.add_argument("--one", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_ask(Path(options.one), NAMES[:1]).__dict__))
        return
    _prefixes(options.rounds)
    _loops(options.rounds)
    asyncio.run(_overhead(options.rounds))


def _prefixes(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny_flamingo.write_language_model(folder / "lm.gguf")
        tiny_flamingo.write_projector(folder / "mmproj.gguf")
        one = _ask(folder, NAMES[:1])
        shared, used = _least(rounds, lambda: _ask(folder, NAMES))
        apart, _ = _least(rounds, lambda: [_process(folder) for _ in NAMES], children=True)
    print(f"five prompts on {SECONDS} s of audio, a tiny model:")
    print(
        f"  evaluated tokens: one prompt {one.evaluated}, five {used.evaluated}: {used.evaluated / one.evaluated:.2f} x"
    )
    print(f"  encoded tokens:   one prompt {one.encoded}, five {used.encoded}: {used.encoded / one.encoded:.2f} x")
    print(f"  CPU seconds:      one call {shared:.2f}, a process for each {apart:.2f}: {apart / shared:.1f} x\n")


def _ask(folder: Path, names: tuple[str, ...]) -> Usage:
    time_ = np.arange(SECONDS * 16_000) / 16_000
    installed: Any = SimpleNamespace(name="tiny", files={each.name: each for each in folder.glob("*.gguf")})
    session = MusicFlamingoGguf.load(installed, SETTINGS).open((np.sin(1400 * time_) / 3).astype(np.float32))
    usage = Usage()
    for name in names:
        turn = Turn("", None, "", f"Describe the {name} of this.", Sampling(max_tokens=8), "")
        usage += next(event.usage for event in session.ask(turn, lambda: None) if isinstance(event, Ending))
    return usage


def _process(folder: Path) -> None:
    command = [sys.executable, "-m", "bench.llm_audio", "--one", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _loops(rounds: int) -> None:
    store = Store(None, ROOT / "services" / "llm_audio" / "models.toml")
    ours = TextGguf.load(store.require(SMOL), SETTINGS)
    turn = Turn("", None, "", "Tell a long story about a river.", Sampling(max_tokens=TOKENS, repeat_penalty=1.0), "")

    def engine() -> int:
        ours._writer._shared = []  # the other side reads the whole prompt too
        return next(event.usage.answer for event in ours.ask(turn, lambda: None) if isinstance(event, Ending))

    llama, prompt = ours._writer._llama, ours._tokens(turn, turn.question)

    def own() -> int:
        llama.reset()
        chunks = llama.create_completion(
            prompt, max_tokens=TOKENS, temperature=0.0, repeat_penalty=1.0, top_k=0, top_p=1.0, min_p=0.0, stream=True
        )
        return sum(1 for _ in chunks)

    engine(), own()
    mine, count = _least(rounds, engine)
    theirs, _ = _least(rounds, own)
    print(f"the same {count} tokens by {SMOL}, prompt of {len(prompt)} tokens included:")
    print(f"  CPU seconds: text-gguf {mine:.3f}, llama-cpp-python's own loop {theirs:.3f}: {mine / theirs:.3f} x\n")


async def _overhead(rounds: int) -> None:
    store = Store(None, ROOT / "services" / "llm_audio" / "models.toml")
    sampling = Sampling(max_tokens=TOKENS, do_sample=True, temperature=1.5, top_p=1.0, seed=1)
    request = DescriptionRequest(facts_json=FACTS, sampling=sampling, check_claims=False)
    jobs = Jobs(SETTINGS, store)
    task: Any = SimpleNamespace(source=None, checkpoint=lambda: None)

    def bare() -> int:
        return int(list(jobs.describe(task, request))[-1].usage.answer)  # type: ignore[attr-defined]

    bare()
    engine, count = _least(rounds, bare)
    with tempfile.TemporaryDirectory() as folder:
        settings = ServerSettings(port=52_055, spool_dir=Path(folder), lame_duck_seconds=0.0)
        host = FamilyHost(service.family(SETTINGS), settings, WorkerSettings(models=store.root))
        server = Server("llm_audio", settings)
        server.add(service.Servicer(host), service.register, service.FULL_NAME)
        host.start()
        await server.start()
        config = pb.DescriptionConfig(facts_json=FACTS, check_claims=False)
        config.sampling.max_tokens, config.sampling.temperature, config.sampling.top_p = TOKENS, 1.5, 1.0
        config.sampling.do_sample, config.sampling.seed = True, 1
        async with Client("127.0.0.1:52055") as client:
            costs, first = [], []
            for _ in range(rounds + 1):
                before, began = _all_cpu(), time.monotonic()
                heard = 0.0
                async for event in client.describe(None, config, timeout_seconds=300):
                    if isinstance(event, pb.TextPiece) and not heard:
                        heard = time.monotonic() - began
                costs.append(_all_cpu() - before)
                first.append(heard)
        await server.drain()
        await host.close()
    through = min(costs[1:])
    print(f"{count} tokens with facts, service, worker and client together:")
    print(
        f"  CPU seconds: bare engine {engine:.3f}, over the wire {through:.3f}: {100 * (through / engine - 1):+.1f} %"
    )
    print(f"  first piece after {min(first[1:]):.2f} s (wall)")


def _least(rounds: int, work: Callable[[], Any], children: bool = False) -> tuple[float, Any]:
    costs, result = [], None
    for _ in range(rounds):
        before = _own_cpu(children)
        result = work()
        costs.append(_own_cpu(children) - before)
    return min(costs), result


def _own_cpu(children: bool) -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + (times.children_user + times.children_system if children else 0))


def _all_cpu() -> float:
    return sum(_cpu(each) for each in _family())


def _family() -> Iterator[psutil.Process]:
    me = psutil.Process()
    yield me
    yield from me.children(recursive=True)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
