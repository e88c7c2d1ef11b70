"""What generation costs: through the service, by the engine, by transformers' bare ``generate``; on the same weights.

    .venvs/generation/bin/python bench/generation.py [--sizes tiny,small] [--seconds 5] [--rounds 2] [--minutes 10]
    .venvs/generation/bin/python bench/generation.py --real-time cuda [--sizes small] [--seconds 30] [--pieces 1]

Random weights of the tests' size and of the released small model's. Each contestant makes the same seconds of sampled
music on one thread; CPU seconds are those of the process that computes, from the request to the last sample, the model
loaded and warm; of several rounds the least is taken, and wall time is not compared. Then: what streaming costs over
one decode of the same codes, how much music has been made when the first samples come, memory along a long piece.

With ``--real-time`` instead: wall time of bare ``generate`` and of the engine with each of its decodings, compiled ones
after they are compiled, on a GPU or on the CPU, in the number format that the service takes there.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("", "gen", "wire", "renderers", "client", "cli")]
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:6])

import psutil  # noqa: E402
import torch  # noqa: E402
from transformers import set_seed  # noqa: E402

from antiphon.audio.v1 import audio_pb2  # noqa: E402
from antiphon.generation.v1 import generation_service_pb2 as pb  # noqa: E402
from antiphon_client import Client  # noqa: E402
from bench import memory  # noqa: E402
from chassis.family.host import FamilyHost  # noqa: E402
from chassis.models import Store  # noqa: E402
from chassis.server import Server, ServerSettings, WorkerSettings  # noqa: E402
from services.generation import service  # noqa: E402
from services.generation.contract import Order  # noqa: E402
from services.generation.engines.musicgen.codec_stream import StreamingDecoder  # noqa: E402
from services.generation.engines.musicgen.engine import MusicGen  # noqa: E402
from services.generation.engines.musicgen.stepping import DECODINGS  # noqa: E402
from services.generation.settings import GenerationSettings  # noqa: E402
from standins import tiny_musicgen  # noqa: E402

PROMPT = "warm lo-fi piano, 80 bpm"
RATIO_LIMIT, STREAM_LIMIT, FIRST_LIMIT, GROWTH_LIMIT = 0.97, 1.05, 1.2, 64 << 20
"""Tokens per CPU second of the service over bare ``generate`` at least; cost of a generation that streams over one that
decodes at its end, seconds of music before the first samples, and bytes of growth along a long piece, at most."""


def main() -> int:
    """Entry point; 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="tiny,small", help="of tiny, small; separated by commas")
    parser.add_argument("--seconds", type=float, default=5.0, help="music that each contestant makes")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the long piece; 0 for none")
    parser.add_argument("--real-time", choices=("cpu", "cuda"), help="wall time on this device instead")
    parser.add_argument("--pieces", type=int, default=1, help="pieces made together, for --real-time")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    kept = True
    for size in options.sizes.split(","):
        with tempfile.TemporaryDirectory() as folder:
            store = tiny_musicgen.store(Path(folder), (f"mono-{size}" if size != "tiny" else "mono",))
            if options.real_time:
                _real_time(store, size, options)
                continue
            kept &= _compare(store, size, options)
            if size == "tiny" and options.minutes:
                kept &= _long(store, options.minutes)
    return 0 if kept else 1


def _real_time(store: Store, size: str, options: argparse.Namespace) -> None:
    order = Order((PROMPT,) * options.pieces, tuple(range(options.pieces)), options.seconds)
    for decoding in DECODINGS:
        settings = GenerationSettings(device=options.real_time, decoding=decoding)
        engine = MusicGen.load(store.require(_name(size)), settings)
        works: dict[str, Any] = {f"engine, {decoding}": partial(_make, engine, order)}
        if decoding == "dynamic":
            print(f"{size} on {engine.device}, {engine.precision}, {options.pieces} pieces of {options.seconds:g} s")
            steps = round(options.seconds * 50) + 3
            works = {"bare generate": partial(_bare, engine, steps, options.pieces), **works}
        for label, work in works.items():
            work()
            took = min(_wall(work, options.real_time) for _ in range(options.rounds))
            print(f"  {label:<17} {took:7.2f} s, {took / options.seconds / options.pieces:.3f} s for a second of music")


def _make(engine: MusicGen, order: Order) -> None:
    for _ in engine.generate(order):
        pass


def _wall(work: Any, device: str) -> float:
    started = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _name(size: str) -> str:
    return "tiny-mono" if size == "tiny" else f"tiny-mono-{size}"


def _compare(store: Store, size: str, options: argparse.Namespace) -> bool:
    name = _name(size)
    engine = MusicGen.load(store.require(name), GenerationSettings(device="cpu"))
    steps = round(options.seconds * 50) + 3
    parameters = sum(each.numel() for each in engine._model.parameters()) / 1e6
    print(f"{size}: {parameters:.1f} M parameters, {options.seconds:g} s of music, {steps} steps, one thread")
    bare, alone, served = [], [], []
    for _ in range(options.rounds):
        bare.append(_cpu(lambda: _bare(engine, steps)))
        alone.append(_cpu(lambda: list(engine.generate(Order((PROMPT,), (1,), options.seconds)))))
    served, first = asyncio.run(_served(store, name, options))
    least = min(bare)
    for label, found in (("bare generate", least), ("engine", min(alone)), ("service", min(served))):
        print(f"  {label:<14} {found:7.2f} CPU s, {steps / found:7.1f} steps per CPU s, {least / found:.3f} of bare")
    whole, parts = _decodes(engine, options)
    print(f"  decode at once {whole:.3f} CPU s, streamed {parts:.3f} CPU s: {parts / whole:.3f}")
    print(f"  streaming adds {max(0.0, parts - whole) / least:.2%} of a whole generation")
    print(f"  first samples after {first:.2f} s of music; peak {_peak_mb():.0f} MB of this process")
    added = 1 + (parts - whole) / least
    return least / min(served) >= RATIO_LIMIT and added <= STREAM_LIMIT and first <= FIRST_LIMIT


def _bare(engine: MusicGen, steps: int, pieces: int = 1) -> None:
    model = engine._model
    model.generation_config.max_length = None
    tokens = engine._tokenizer([PROMPT] * pieces, return_tensors="pt").to(model.device)
    set_seed(1)
    model.generate(
        input_ids=tokens.input_ids,
        attention_mask=tokens.attention_mask,
        max_new_tokens=steps,
        do_sample=True,
        top_k=250 if model.config.decoder.vocab_size > 250 else None,
        guidance_scale=3.0,
    )


def _decodes(engine: MusicGen, options: argparse.Namespace) -> tuple[float, float]:
    """CPU seconds of one decode and of a streamed one of the same codes."""
    codec = engine._model.audio_encoder
    frames = max(250, round(options.seconds * 50))
    codes = torch.randint(0, codec.config.codebook_size, (1, 4, frames), generator=torch.Generator().manual_seed(0))

    def at_once() -> None:
        codec.decode(codes[None], [None])

    def streamed() -> None:
        decoder = StreamingDecoder(codec)
        for start in range(0, frames, 25):
            decoder.push(codes[..., start : start + 25], last=start + 25 >= frames)

    with torch.inference_mode():
        at_once(), streamed()
        pairs = [(_cpu(at_once), _cpu(streamed)) for _ in range(5)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


async def _served(store: Store, name: str, options: argparse.Namespace) -> tuple[list[float], float]:
    """CPU seconds of the worker in each round, and the music made when the first samples come."""
    with tempfile.TemporaryDirectory() as spool:
        settings = ServerSettings(port=-1, spool_dir=Path(spool), lame_duck_seconds=0.0)
        extra = store.root.parent / "generation" / "models.toml"
        workers = WorkerSettings(models=store.root, models_extra=extra)
        host = FamilyHost(service.family(GenerationSettings(device="cpu", default_model=name)), settings, workers)
        server = Server("generation", settings)
        server.add(service.Servicer(host), service.register, service.FULL_NAME)
        host.start()
        await server.start()
        try:
            async with Client(f"127.0.0.1:{server.port}", timeout_seconds=3600) as client:
                await _ask(client, 0.5)
                spent, first = [], 0.0
                for _ in range(options.rounds):
                    worker = psutil.Process(host.pool.pids[0])
                    before = sum(worker.cpu_times()[:2])
                    first = await _ask(client, options.seconds)
                    spent.append(sum(worker.cpu_times()[:2]) - before)
                return spent, first
        finally:
            await server.drain()
            await host.close()


async def _ask(client: Client, seconds: float) -> float:
    config = pb.GenerationConfig(prompts=[PROMPT], seed=1, output_encoding=audio_pb2.OUTPUT_ENCODING_PCM_F32LE)
    config.duration.FromNanoseconds(round(seconds * 1e9))
    done, first, begun = 0.0, 0.0, False
    async for event in client.generate(config):
        if isinstance(event, pb.PieceChunk) and not begun:
            begun = True
        elif not isinstance(event, pb.PieceChunk | pb.GenerationHeader | pb.GenerationSummary) and event.HasField(
            "audio_done"
        ):
            done = event.audio_done.ToNanoseconds() / 1e9
            # The progress that follows a block tells how much had been made when it was sent.
            first = first or (done if begun else 0.0)
    return first


def _long(store: Store, minutes: float) -> bool:
    engine = MusicGen.load(store.require("tiny-mono"), GenerationSettings(device="cpu", max_seconds=1e6))
    process, seen = psutil.Process(), {}
    for block in engine.generate(Order((PROMPT,), (1,), minutes * 60)):
        seen.setdefault(int(block.seconds // 60), process.memory_info().rss)
    marks = [seen[minute] for minute in sorted(seen)]
    # The first minute fills the caches of a whole window; growth is counted from there.
    growth = marks[-1] - marks[1]
    print(f"  {minutes:g} minutes in one piece: {', '.join(f'{mark >> 20}' for mark in marks)} MB, a mark each minute")
    return growth <= GROWTH_LIMIT


def _cpu(work: Any) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _peak_mb() -> float:
    return memory.peak_bytes() / 2**20


if __name__ == "__main__":
    sys.exit(main())
