"""Where a source archive lies on the package index that this machine's pip is configured for.

pip itself cannot be asked to download one: it runs the archive's own program to learn what the package needs
(pypa/pip #1884). So its settings are read, and the index's page is (PEP 503 and 691).
"""

from __future__ import annotations

import ast
import base64
import html.parser
import json
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chassis.models.model import Sdist
from chassis.models.transfer import SourceError, Transfer

_USUAL_INDEX = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_MOST_PAGE_BYTES = 32 << 20
_LIMIT_SECONDS = 60.0
Place = TypeVar("Place")


@dataclass(frozen=True)
class Found:
    """An archive on an index: its address, and what to send there to be let in; or one in a folder of this machine."""

    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    path: Path | None = None


def find(sdist: Sdist, transfer: Transfer) -> Found:
    """Finds ``sdist`` in the folders and on the indexes that pip would look through, in that order.

    Raises:
        SourceError: pip's settings cannot be read, or none of the places has the archive; the message names them.
    """
    settings = _pip_settings()
    for place in _words(settings, "find-links"):
        folder = _folder(place)
        held = _match(sdist, {path.name: path for path in _files(folder)}) if folder is not None else None
        if held is not None:
            return Found(path=held)
    if settings.get("no-index", "0").lower() not in ("0", "false", "no", "off", ""):
        raise SourceError(f"no folder that pip knows (find-links) holds {sdist.filename}, and pip may ask no index")
    complaints = []
    for index in [settings.get("index-url", _USUAL_INDEX), *_words(settings, "extra-index-url")]:
        try:
            return _ask(sdist, f"{index.rstrip('/')}/{_normal(sdist.distribution)}/", transfer)
        except SourceError as error:
            complaints.append(str(error))
    raise SourceError("; ".join(complaints))


def _ask(sdist: Sdist, page: str, transfer: Transfer) -> Found:
    address, headers = _without_password(page)
    url = _match(sdist, dict(_listed(address, headers, transfer)))
    if url is None:
        raise SourceError(f"{address} lists no {sdist.filename}")
    same = urllib.parse.urlsplit(url).netloc == urllib.parse.urlsplit(address).netloc
    return Found(url, tuple(headers.items()) if same else ())


def _pip_settings() -> dict[str, str]:
    """What pip takes from its files and its variables, by the setting's name; the variables' word is the last."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{' '.join(command)} took more than {_LIMIT_SECONDS:.0f} s") from error
    if done.returncode != 0:
        raise SourceError(f"{' '.join(command)} ended with {done.returncode}; is pip there? ({sys.executable})")
    rows = [line.partition("=") for line in done.stdout.splitlines()]
    settings: dict[str, str] = {}
    for section in ("global", "download", ":env:"):
        for name, _, value in rows:
            if name.startswith(f"{section}."):
                settings[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def _words(settings: Mapping[str, str], name: str) -> list[str]:
    return settings.get(name, "").split()


def _folder(place: str) -> Path | None:
    """The folder of this machine that a place is; None for an address elsewhere."""
    parts = urllib.parse.urlsplit(place)
    if parts.scheme not in ("", "file"):
        return None
    return Path(urllib.request.url2pathname(parts.path) if parts.scheme else place)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file())


def _listed(address: str, headers: Mapping[str, str], transfer: Transfer) -> Iterator[tuple[str, str]]:
    """Yields file name and address of each file that an index has of a distribution."""
    if urllib.parse.urlsplit(address).scheme == "file":
        raise SourceError(f"{address} is an index on this disk; name its folder of archives in find-links")
    page, kind, url = transfer.read(address, {"Accept": _ACCEPT, **headers}, _MOST_PAGE_BYTES)
    if "json" in kind:
        try:
            files = [(str(file["filename"]), str(file["url"])) for file in json.loads(page)["files"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SourceError(f"{address} answers with no list of files ({type(error).__name__}: {error})") from error
    else:
        links = _Links()
        links.feed(page.decode("utf-8", "replace"))
        files = [(urllib.parse.unquote(link.rpartition("/")[2]), link) for link in links.found]
    for name, link in files:
        yield name, urllib.parse.urljoin(url, link)


class _Links(html.parser.HTMLParser):
    """Collects the addresses of a page's links, without the digests that an index writes behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value.partition("#")[0] for name, value in attrs if tag == "a" and name == "href" and value]


def _match(sdist: Sdist, files: Mapping[str, Place]) -> Place | None:
    """The one whose name is the archive's, by the rule that dash, dot and underscore are the same in a name."""
    wanted = _normal(sdist.filename)
    return next((place for name, place in files.items() if _normal(name) == wanted), None)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """Address and headers for one that holds a name and a password."""
    parts = urllib.parse.urlsplit(url)
    if parts.username is None:
        return url, {}
    secret = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return plain.geturl(), {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
