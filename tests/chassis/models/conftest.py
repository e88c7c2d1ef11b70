"""Made-up models: small files, wheels built on the spot, and a server on this machine that can misbehave."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.models.events import Event
from chassis.models.manifest import Manifest
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from chassis.models.store import Store
from chassis.models.transfer import Transfer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Web(http.server.ThreadingHTTPServer):
    """Serves ``files`` by path and keeps what was asked of it.

    Attributes:
        statuses: Answers to give instead, by path, one after the other.
        kinds: Content types to answer with, by path.
        cut: Bytes after which the connection is dropped, by path, for one request each.
        ranges: Whether it honours Range.
        gate: Requests wait here before they are answered.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, list[int]] = {}
        self.redirects: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.cut: dict[str, list[int]] = {}
        self.ranges = True
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self.requests: list[tuple[str, str | None, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        web, span = self.server, self.headers.get("Range")
        web.requests.append((self.path, span, self.headers.get("Authorization")))
        web.arrived.set()
        web.gate.wait(30)
        if self.path in web.redirects:
            self.send_response(302)
            self.send_header("Location", web.redirects[self.path])
            self.end_headers()
            return
        if web.statuses.get(self.path):
            self.send_error(web.statuses[self.path].pop(0))
            return
        if self.path not in web.files:
            self.send_error(404)
            return
        body, start = web.files[self.path], 0
        if span and web.ranges:
            start = int(span.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        if self.path in web.kinds:
            self.send_header("Content-Type", web.kinds[self.path])
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cuts = web.cut.get(self.path)
        self.wfile.write(body[start : cuts.pop(0)] if cuts else body[start:])

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Lab:
    """A project in a temporary folder, with its store, its wheels and its events."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.root = folder / "store"
        self.wheels = folder / "wheels"
        self.events: list[Event] = []
        self.wheels.mkdir(parents=True)

    def write(self, text: str, service: str = "speech") -> Path:
        path = self.project / "services" / service / "models.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def manifest(self, *files: str, name: str = "tiny", wheels: str = "", service: str = "speech") -> Path:
        """A manifest with one model made of these ``[[models.files]]`` rows."""
        model = f"""
            [[models]]
            name = "{name}"
            engine = "fake"
            default = true
            starter = true
            revision = "r1"
            license_spdx = "MIT"
            commercial_use = true
        """
        return self.write("\n".join([wheels, model, *files]), service)

    @staticmethod
    def file(name: str, content: bytes, *sources: str, rows: str = "") -> str:
        listed = f"sources = [{', '.join(sources)}]" if sources else ""
        return f"""
            [[models.files]]
            name = "{name}"
            size = {len(content)}
            sha256 = "{sha256(content)}"
            {listed}
            {rows}
        """

    def wheel(self, distribution: str, members: dict[str, bytes]) -> str:
        """Builds a wheel that pip accepts; returns its ``[wheels.…]`` table."""
        stem = distribution.replace("-", "_")
        path = self.wheels / f"{stem}-1.0-py3-none-any.whl"
        info = f"{stem}-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        content = path.read_bytes()
        size, found = len(content), sha256(content)
        return f'[wheels.{distribution}]\nversion = "1.0"\nsize = {size}\nsha256 = "{found}"\n'

    def store(self, service: str = "speech") -> Store:
        return Store(self.root, Manifest.load(self.project / "services" / service / "models.toml"))

    def puller(self, hub: str = "http://127.0.0.1:1", token: str = "", **settings: object) -> Puller:
        # Pauses of zero: what is tested is that there is another try, not how long it waits.
        return Puller(
            self.project,
            dataclasses.replace(StoreSettings(), **settings),  # type: ignore[arg-type]
            HubSettings(endpoint=hub, token=token),
            self.events.append,
            Transfer(pauses_seconds=(0.0, 0.0)),
        )

    def environment(self, **more: str) -> dict[str, str]:
        """For a process of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTIPHON_", "HF_"))}
        root = Path(__file__).parents[3]
        repository = os.pathsep.join([str(root), str(root / "wire")])
        return {**kept, "PYTHONPATH": repository, "ANTIPHON_MODELS": str(self.root), **more}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(lab.wheels))
    for name in ("ANTIPHON_MODELS", "ANTIPHON_MODEL_MIRROR", "ANTIPHON_MODEL_SOURCES", "HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return lab


@pytest.fixture
def digest_of() -> Callable[[bytes], str]:
    return sha256


@pytest.fixture
def hub_row() -> Callable[..., str]:
    """A hub source as a manifest writes it."""

    def row(path: str, repository: str = "someone/model") -> str:
        return f'{{ kind = "hub", repository = "{repository}", revision = "{COMMIT}", path = "{path}" }}'

    return row


@pytest.fixture
def hub_path() -> Callable[..., str]:
    """Where that source asks the hub."""
    return lambda path: f"/someone/model/resolve/{COMMIT}/{path}"
