"""What is released as pickles alone is pulled by its name: read without running code, recorded, and played."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from antiphon_wire.errors import AntiphonError
from chassis.models import Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from services.generation.contract import GenerationRequest, PieceBlock
from services.generation.job import Jobs
from services.generation.settings import GenerationSettings
from standins import tiny_audiocraft
from tests.fixtures.scripted_hub import ScriptedHub, scripted_hub

pytest.importorskip(
    "services.generation.engines.audiocraft.engine",
    reason="audiocraft has an environment of its own: make test-generation-audiocraft",
)
ROOT = Path(__file__).parents[4]


class ScriptedTask:
    """A call without audio that nobody gives up."""

    source = None

    def checkpoint(self) -> None:
        """Goes on."""


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    with scripted_hub() as hub:
        yield hub


def release(hub: ScriptedHub, kind: str, repository: str, encoder: str, folder: Path) -> dict[str, bytes]:
    """Publishes a release of ``kind`` and its text encoder; gives the release's files."""
    tiny_audiocraft.release(kind, folder, parts=("t5",), description=tiny_audiocraft.T5)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    hub.publish(repository, files)
    hub.publish(f"google-t5/{encoder}", {path.name: path.read_bytes() for path in (folder / "t5").iterdir()})
    return files


def pulled(hub: ScriptedHub, name: str, folder: Path) -> Store:
    store = Store(folder / "store", ROOT / "services/generation/models.toml")
    Puller(ROOT, StoreSettings(), HubSettings(hub.url, ""), lambda event: None).pull(store, name)
    return store


def made(store: Store, settings: GenerationSettings, model: str) -> tuple[int, str]:
    """Samples of a piece, and where the digests of its model come from."""
    request = GenerationRequest(model, ("warm piano",), seconds=1.0, seed=3)
    events = list(Jobs(replace(settings, default_model=model), store).generate(ScriptedTask(), request))
    return sum(len(event.data) for event in events if isinstance(event, PieceBlock)), events[
        -1
    ].work.model.digest_source


def test_audiogen_is_pulled_converted_and_answers(
    hub: ScriptedHub, tmp_path: Path, craft_settings: GenerationSettings
) -> None:
    release(hub, "audiogen", "facebook/audiogen-medium", "t5-large", tmp_path / "release")
    store = pulled(hub, "audiogen-medium", tmp_path)
    size, origin = made(store, craft_settings, "audiogen-medium")
    assert size > 0
    assert origin == "hub at first pull"
    # Each pickle is read by several conversions, and fetched once.
    assert hub.asked("/state_dict.bin") == 2
    assert store.damaged("audiogen-medium") == ()
    # Its own, not that of the text encoder beside it.
    assert store.model("audiogen-medium").revision == hub.repositories["facebook/audiogen-medium"].commit


def test_magnet_may_name_the_codec_that_musicgens_release_has(
    hub: ScriptedHub, tmp_path: Path, craft_settings: GenerationSettings
) -> None:
    files = release(hub, "magnet", "facebook/magnet-small-10secs", "t5-base", tmp_path / "release")
    named = io.BytesIO()
    torch.save({"pretrained": "facebook/encodec_32khz", "exported": True}, named)
    hub.publish("facebook/musicgen-small", {"compression_state_dict.bin": files["compression_state_dict.bin"]})
    hub.publish("facebook/magnet-small-10secs", {**files, "compression_state_dict.bin": named.getvalue()})
    store = pulled(hub, "magnet-small-10secs", tmp_path)
    assert made(store, craft_settings, "magnet-small-10secs")[0] > 0


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return open, ("/nowhere/at/all",)


def test_a_pickle_that_would_run_code_is_refused_and_nothing_of_it_is_recorded(
    hub: ScriptedHub, tmp_path: Path
) -> None:
    files = release(hub, "audiogen", "facebook/audiogen-medium", "t5-large", tmp_path / "release")
    hub.publish("facebook/audiogen-medium", {**files, "state_dict.bin": pickle.dumps(Bomb())})
    with pytest.raises(AntiphonError, match="is refused"):
        pulled(hub, "audiogen-medium", tmp_path)
    assert not (tmp_path / "store" / "records").exists()
