"""Networks are used as far as they are installed and sound; what is missing is told, and the rest stands."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Audio
from chassis.models import Store
from chassis.reports import WarningReport
from services.essentia.checkpoints.beatnet_graph import write_beatnet
from services.essentia.contract import AnalysisRequest, GroupFeatures
from services.essentia.engines.features import Features
from services.essentia.engines.features.networks import Networks
from services.essentia.networks.beats import BeatNetwork
from tests.services.essentia import signals
from tests.services.essentia.checkpoints.test_beatnet_graph import weights

ROWS = """
[[models]]
name = "{name}"
engine = "features"
default = false
starter = false
revision = "made-up"
license_spdx = "CC-BY-NC-SA-4.0"
commercial_use = false

[[models.files]]
name = "{name}.onnx"
size = {size}
sha256 = "{sha256}"
sources = [{{ kind = "https", url = "https://example.invalid/weights" }}]
"""


class Lab:
    """A store with a row for each network, in which a file can be put, damaged or replaced."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.digest, self.content = sha256(content).hexdigest(), content
        (folder / "essentia").mkdir()
        self.manifest = folder / "essentia" / "models.toml"
        rows = [
            ROWS.format(name=name, size=len(content), sha256=self.digest)
            for name in ("beatnet", "madmom-key", "swift-f0")
        ]
        self.manifest.write_text("\n".join(rows))
        self.root = folder / "store"

    def networks(self, content: bytes | None, policy: str = "any") -> Networks:
        """The networks of a store that holds ``content`` for every row; None for an empty one."""
        shutil.rmtree(self.root, ignore_errors=True)
        store = Store(self.root, self.manifest, policy)
        if content is not None:
            store.blobs.folder.mkdir(parents=True)
            store.blobs.path(self.digest).write_bytes(content)
        return Networks(store)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    write_beatnet(tmp_path / "network", [weights(1)])
    return Lab(tmp_path, (tmp_path / "network").read_bytes())


def test_a_network_that_is_there_is_given_once_loaded_and_named_with_its_digest_and_licence(lab: Lab) -> None:
    networks = lab.networks(lab.content)
    found = networks.beats("rhythm.downbeats")
    assert isinstance(found, BeatNetwork)
    assert networks.beats("rhythm.downbeats") is found
    (report,) = networks.used
    assert (report.name, report.revision, report.license_spdx) == ("beatnet", "made-up", "CC-BY-NC-SA-4.0")
    assert report.weights_sha256 == {"beatnet.onnx": lab.digest}
    assert found.hear([np.zeros(441, np.float32)], 22050).shape == (1, 3)


def test_the_next_analysis_names_only_what_it_used_itself(lab: Lab) -> None:
    networks = lab.networks(lab.content)
    networks.beats("rhythm.downbeats")
    networks.begin(AnalysisRequest(("loudness",)))
    assert networks.used == ()


@pytest.mark.parametrize(
    ("content", "policy", "reason"),
    [
        (None, "any", "MODEL_NOT_INSTALLED"),
        (b"damaged", "any", "MODEL_CORRUPT"),
        ("sound", "commercial", "LICENCE_REFUSED"),
    ],
)
def test_a_network_that_cannot_be_used_is_a_warning_about_its_field(
    lab: Lab, content: bytes | str | None, policy: str, reason: str
) -> None:
    networks = lab.networks(lab.content if content == "sound" else content, policy)  # type: ignore[arg-type]
    found = networks.beats("rhythm.meter")
    assert isinstance(found, WarningReport)
    assert (found.reason, found.field) == (reason, "rhythm.meter")
    assert networks.used == ()


def test_a_network_that_nobody_chose_is_no_warning_but_a_damaged_one_is(lab: Lab) -> None:
    assert lab.networks(None).keys("tonal.key") is None
    assert lab.networks(lab.content, "commercial").keys("tonal.key") is None
    found = lab.networks(b"damaged").keys("tonal.key")
    assert isinstance(found, WarningReport)
    assert (found.reason, found.field) == ("MODEL_CORRUPT", "tonal.key")


def test_a_file_that_is_pinned_but_no_network_is_told_as_unreadable(tmp_path: Path) -> None:
    lab = Lab(tmp_path, b"these bytes are what the manifest pins, and no network")
    found = lab.networks(lab.content).beats("rhythm.meter")
    assert isinstance(found, WarningReport)
    assert found.reason == "MODEL_UNREADABLE"


def test_without_a_store_there_is_no_network() -> None:
    found = Networks().beats("rhythm.meter")
    assert isinstance(found, WarningReport)
    assert found.reason == "MODEL_NOT_INSTALLED"
    assert "antiphon models pull beatnet" in found.message
    assert Networks().chords("tonal.chords") is None


def test_what_a_caller_asks_for_by_name_is_no_warning_but_an_error(lab: Lab) -> None:
    with pytest.raises(AntiphonError) as caught:
        lab.networks(None).begin(AnalysisRequest(("pitch",), melody=True))
    assert caught.value.reason == "MODEL_NOT_INSTALLED"


def test_where_the_melodys_weights_are_damaged_the_rest_stands(lab: Lab) -> None:
    networks = lab.networks(b"damaged")
    engine = Features()
    engine.networks = networks
    clip = Audio(signals.stack(signals.sine(440, -10, 1)), signals.SAMPLE_RATE)
    events = list(engine.analyze(clip, AnalysisRequest(("pitch",), melody=True)))
    (warning,) = (event for event in events if isinstance(event, WarningReport))
    assert (warning.reason, warning.field) == ("MODEL_CORRUPT", "pitch.f0_median_hz")
    (pitch,) = (event.values for event in events if isinstance(event, GroupFeatures))
    assert pitch["yin_pitch_median_hz"] == pytest.approx(440, rel=1e-3)
    assert not [name for name in pitch if name.startswith("f0_")]
    assert networks.used == ()


def test_where_the_melodys_weights_are_missing_the_call_is_refused(lab: Lab) -> None:
    with pytest.raises(AntiphonError) as caught:
        lab.networks(None).begin(AnalysisRequest(("pitch",), melody=True))
    assert caught.value.reason == "MODEL_NOT_INSTALLED"
