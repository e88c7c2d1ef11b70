"""The blocking client is what the asynchronous one gives, and the script notices where it is not."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import pytest

from antiphon_client import Client, SyncClient
from tools import unasync


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that the script may write to."""
    return Path(shutil.copytree(unasync.ROOT / unasync.PACKAGE, tmp_path / "package"))


def test_the_blocking_client_is_what_the_script_gives() -> None:
    assert unasync.main(["--check"]) == 0


def test_both_clients_offer_the_same_calls_with_the_same_settings() -> None:
    def offered(client: type) -> dict[str, list[str]]:
        public = inspect.getmembers(client, lambda each: inspect.isfunction(each) and not each.__name__.startswith("_"))
        return {name: list(inspect.signature(call).parameters) for name, call in public}

    assert offered(SyncClient) == offered(Client)
    assert {"analyze", "transcribe", "services", "close"} <= offered(Client).keys()


@pytest.mark.parametrize("name", unasync.DERIVED.values())
def test_an_edit_of_a_derived_file_is_found_and_undone(
    package: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    derived = package / name
    before = derived.read_text()
    derived.write_text(before.replace("timeout_seconds", "seconds", 1))
    assert unasync.main(["--check", "--folder", str(package)]) == 1
    assert f"--- {name}" in capsys.readouterr().out
    assert unasync.main(["--folder", str(package)]) == 0
    assert derived.read_text() == before


def test_a_change_of_the_source_that_was_not_carried_over_is_found(package: Path) -> None:
    source = package / "families.py"
    source.write_text(source.read_text() + "\n\ndef more() -> None:\n    ...\n")
    assert unasync.main(["--check", "--folder", str(package)]) == 1


def test_a_missing_derived_file_is_found(package: Path) -> None:
    (package / "sync.py").unlink()
    assert unasync.main(["--check", "--folder", str(package)]) == 1


def test_a_substitution_that_nothing_needs_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unasync, "WORDS", (*unasync.WORDS, (r"\bAsyncLunch\b", "Lunch")))
    assert unasync.main(["--check"]) == 1
    assert "AsyncLunch" in capsys.readouterr().err


def test_nothing_asynchronous_is_left_in_what_is_derived() -> None:
    for name in unasync.DERIVED.values():
        text = (unasync.ROOT / unasync.PACKAGE / name).read_text()
        assert not [word for word in ("async ", "await ", "asyncio", "aclosing", "Async") if word in text], name
