"""Rows of the real manifest, pulled from a hub on this machine that holds a tiny model of the row's shape."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chassis.models import InstalledModel, Manifest, Store
from chassis.models.model import File, HubSource
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from standins.tiny_whisper import MULTILINGUAL, Shape, settings, variables, write_config, write_model

PROJECT = Path(__file__).parents[3]
MANIFEST = PROJECT / "services" / "speech" / "models.toml"
SHAPES = {
    "whisper-tiny": MULTILINGUAL,
    "whisper-small.en": replace(MULTILINGUAL, words=51864),
    "whisper-large-v3": replace(MULTILINGUAL, mels=128, words=51866),
    "whisper-large-v3-turbo": replace(MULTILINGUAL, mels=128, words=51866, decoder_layers=1),
    "distil-whisper-large-v3": replace(MULTILINGUAL, mels=128, words=51866, decoder_layers=1),
}
"""One row of each shape that is published: vocabulary, mel bands, and a decoder with fewer layers than the encoder."""


@contextmanager
def pulled(name: str, shape: Shape, folder: Path, texts: Mapping[str, bytes]) -> Iterator[InstalledModel]:
    """Pulls the row ``name`` from a hub that has a tiny model of ``shape`` and ``texts`` at the row's own addresses.

    Only sizes and digests differ from the real row.
    """
    hub, row = folder / "hub", Manifest.load(MANIFEST).model(name)
    write_model(folder / "model.bin", {**variables(shape), **settings(shape)})
    first = 50259 if shape.words > 51864 else 50258
    write_config(
        folder / "config.json",
        [[shape.decoder_layers - 1, 0]],
        lang_ids=[*range(first, first + shape.words - 51766)],
        suppress_ids=[],
        suppress_ids_begin=[220],
    )
    made = {name: (folder / name).read_bytes() for name in ("model.bin", "config.json")}
    read = {**texts, **made}

    def shrunk(file: File) -> File:
        if file.conversion is not None:
            inputs = tuple(shrunk(one) for one in file.conversion.inputs)
            return replace(file, conversion=replace(file.conversion, inputs=inputs), size=0)
        if file.name not in read:
            return file
        for source in file.sources:
            assert isinstance(source, HubSource)
            path = hub / source.repository / "resolve" / source.revision / source.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(read[file.name])
        return replace(file, size=len(read[file.name]), sha256=hashlib.sha256(read[file.name]).hexdigest())

    tiny = replace(row, files=tuple(shrunk(file) for file in row.files))
    store = Store(folder / "store", Manifest("speech", (tiny,)))
    with serving(hub) as url:
        # The detector of the other engine comes from its wheel; the shared store of this machine is its mirror.
        real = Store(None, Manifest.load(MANIFEST))
        mirror = real.blobs.folder if real.blobs.folder.is_dir() else None
        Puller(
            PROJECT, replace(StoreSettings(), model_mirror=mirror), HubSettings(endpoint=url), lambda event: None
        ).pull(store, name)
        yield store.require(name)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves the files of ``folder``; gives the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def tokenizer_of(store: Store, shape: Shape) -> tuple[bytes, list[str]]:
    """A tokenizer.json for a model of ``shape`` and its vocabulary, made of those of the starter set.

    large-v3 brought Cantonese, after the other languages; every token behind it moved up by one.
    """
    model = "whisper-base" if shape.words > 51864 else "whisper-tiny.en"
    if not store.installed(model):
        pytest.skip(f"{model} is not installed in {store.root}: antiphon models pull {model}")
    files = store.require(model).files
    tokenizer = json.loads(files["tokenizer.json"].read_text("utf-8"))
    words = files["vocabulary.txt"].read_text("utf-8").split("\n")[: min(shape.words, 51865)]
    if shape.words == 51866:
        for token in tokenizer["added_tokens"]:
            token["id"] += token["id"] >= 50358
        tokenizer["added_tokens"].append({**tokenizer["added_tokens"][0], "id": 50358, "content": "<|yue|>"})
        tokenizer["added_tokens"].sort(key=lambda token: token["id"])
        words.insert(50358, "<|yue|>")
    return json.dumps(tokenizer).encode(), words
