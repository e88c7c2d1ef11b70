"""From the models of the store to tags: the service's choice, an operator's own models, licences."""

from __future__ import annotations

import hashlib
import shutil
import struct
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.audio import Source
from chassis.models import Manifest, Store
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from chassis.models.sources import Mirror
from chassis.reports import ProgressReport, WarningReport
from services.essentia.contract import AnalysisRequest, GroupFeatures, Header, Summary, TagRequest, TagSet
from services.essentia.engines import ENGINES
from services.essentia.job import Jobs
from services.essentia.settings import EssentiaSettings
from services.essentia.tags.stage import TagStage
from tests.services.essentia.conftest import MANIFEST, PROJECT
from tests.services.essentia.scripted_task import ScriptedTask
from tests.services.essentia.tag_signals import RATE, chord


def row(name: str, engine: str, folder: Path, names: Sequence[str], commercial: bool) -> str:
    files = []
    for file in names:
        content = (folder / file).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        files.append(
            f'[[models.files]]\nname = "{file}"\nsize = {len(content)}\nsha256 = "{digest}"\n'
            f'sources = [{{ kind = "https", url = "https://models.invalid/{file}" }}]\n'
        )
    head = (
        f'[[models]]\nname = "{name}"\nengine = "{engine}"\ndefault = false\nstarter = false\nrevision = "1"\n'
        f'license_spdx = "CC0-1.0"\ncommercial_use = {str(commercial).lower()}\n'
    )
    return head + "".join(files)


@dataclass(frozen=True)
class Lab:
    """An operator's folder of weights and the manifest that pins them."""

    root: Path
    extra: Path

    def store(self, licence_policy: str = "any") -> Store:
        return Store(self.root, Manifest.load(MANIFEST, self.extra), licence_policy)


@pytest.fixture(scope="module")
def lab(standins: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Stand-ins in a further manifest, taken in from a folder as ``antiphon models import`` does."""
    folder = tmp_path_factory.mktemp("operator")
    extractor, head = ["extractor.onnx", "extractor.json"], ["head.onnx", "head.json"]
    graphs = ["extractor.pb", "extractor.json"]
    (folder / "models.toml").write_text(
        row("own-genre", "onnx", standins, extractor, commercial=False)
        + row("own-mood", "onnx", standins, extractor + head, commercial=True)
        + row("own-genre-tf", "essentia", standins, graphs, commercial=True)
        + row("own-absent", "onnx", folder.parent, [], commercial=True).rstrip()
        + '\nfiles = [{ name = "a.onnx", size = 1, sha256 = "' + "0" * 64 + '", '
        'sources = [{ kind = "https", url = "https://models.invalid/a" }] }]\n'
    )  # fmt: skip
    made = Lab(folder / "store", folder / "models.toml")
    store = made.store()
    puller = Puller(PROJECT, StoreSettings(), HubSettings(), lambda event: None)
    for name in ("own-genre", "own-mood", "own-genre-tf"):
        puller.take_in(store, name, Mirror(standins))
        assert store.installed(name)
    return made


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audio") / "chord.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(chord(5) * 32767).astype("<i2").tobytes())
    return path


def settings(*names: str) -> EssentiaSettings:
    return EssentiaSettings(tag_models=names, device="cpu")


def run(store: Store, recording: Path, request: TagRequest, *usual: str) -> tuple[list[TagSet], set[str]]:
    stage = TagStage(settings(*usual), store)
    plan = stage.plan(request)
    assert plan is not None
    events = list(stage.run(plan, Source(recording), lambda: None))
    reasons = {event.reason for event in events if isinstance(event, WarningReport)}
    return [event for event in events if isinstance(event, TagSet)], reasons


def test_the_services_own_choice_tags_as_far_as_it_is_installed(lab: Lab, recording: Path) -> None:
    sets, reasons = run(lab.store(), recording, TagRequest(), "own-mood", "own-absent", "own-genre")
    assert [one.model.name for one in sets] == ["own-mood", "own-genre"]
    assert {one.engine for one in sets} == {"onnx"}
    assert all(one.stand_in and one.patch_count == 3 for one in sets)
    assert reasons == {"STAND_IN_MODEL"}
    assert set(sets[0].model.weights_sha256) == {"extractor.onnx", "extractor.json", "head.onnx", "head.json"}


def test_a_call_can_name_models_of_several_engines(lab: Lab, recording: Path) -> None:
    request = TagRequest(models=("own-genre-tf", "own-genre"), all_scores=True)
    sets, _ = run(lab.store(), recording, request)
    assert [(one.model.name, one.engine) for one in sets] == [("own-genre-tf", "essentia"), ("own-genre", "onnx")]
    scores = [{tag.label: tag.score for tag in one.tags} for one in sets]
    assert len(scores[0]) == 400
    # The same weights in two engines; see test_taggers.py for the tolerance.
    assert scores[0] == pytest.approx(scores[1], abs=2e-4)


def test_where_nothing_is_installed_a_warning_says_what_to_do(tmp_path: Path, recording: Path) -> None:
    sets, reasons = run(Store(tmp_path, MANIFEST), recording, TagRequest(), "musicnn-msd")
    assert (sets, reasons) == ([], {"TAGS_NOT_INSTALLED"})


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("own-absent", "FAILED_PRECONDITION", "MODEL_NOT_INSTALLED"),
        ("discogs-genre", "FAILED_PRECONDITION", "MODEL_NOT_INSTALLED"),
        ("nothing", "INVALID_ARGUMENT", "UNKNOWN_MODEL"),
    ],
)
def test_a_model_that_is_named_must_be_there(lab: Lab, name: str, code: str, reason: str) -> None:
    with pytest.raises(AntiphonError) as caught:
        TagStage(settings(), lab.store()).plan(TagRequest(models=(name,)))
    assert (caught.value.code, caught.value.reason) == (code, reason)


def test_under_the_commercial_policy_non_commercial_weights_do_not_tag(lab: Lab, recording: Path) -> None:
    store = lab.store("commercial")
    sets, reasons = run(store, recording, TagRequest(), "own-genre", "own-mood")
    assert [one.model.name for one in sets] == ["own-mood"]
    assert "LICENCE_REFUSED" in reasons
    with pytest.raises(AntiphonError) as caught:
        TagStage(settings(), store).plan(TagRequest(models=("own-genre",)))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "LICENCE_REFUSED")


def test_a_job_tells_tags_between_header_and_summary(lab: Lab, recording: Path) -> None:
    jobs = Jobs(settings("own-genre"), lab.store())
    request = AnalysisRequest(tags=TagRequest(), tags_only=True)
    events = list(jobs.analyze(ScriptedTask(Source(recording)), request))
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], Summary)
    assert sum(isinstance(event, TagSet) for event in events) == 1
    assert not any(isinstance(event, GroupFeatures) for event in events)
    assert events[-1].source.frames == 5 * RATE
    assert "STAND_IN_MODEL" in {warning.reason for warning in events[-1].warnings}


def test_a_missing_model_is_told_before_any_work(lab: Lab, recording: Path) -> None:
    jobs = Jobs(settings(), lab.store())
    request = AnalysisRequest(tags=TagRequest(models=("own-absent",)))
    with pytest.raises(AntiphonError, match="MODEL_NOT_INSTALLED"):
        next(iter(jobs.analyze(ScriptedTask(Source(recording)), request)))


def test_a_model_whose_engine_cannot_run_here_is_refused_by_name(
    lab: Lab, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "onnx", "a_library_that_is_not_installed:Tagger")
    with pytest.raises(AntiphonError) as caught:
        run(lab.store(), recording, TagRequest(models=("own-genre",)))
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "ENGINE_NOT_SERVED")
    assert caught.value.metadata["missing"] == "a_library_that_is_not_installed"


def test_the_first_model_of_an_engine_is_told_to_be_loading_once(lab: Lab, recording: Path) -> None:
    stage = TagStage(settings(), lab.store())
    plan = stage.plan(TagRequest(models=("own-genre", "own-mood")))
    assert plan is not None
    loads = []
    for _ in range(2):
        events = list(stage.run(plan, Source(recording), lambda: None))
        loads.append([event.step for event in events if isinstance(event, ProgressReport) and event.loading])
    # The second model brings a head, and shares its extractor with the first.
    assert loads == [["own-genre", "own-mood"], []]


def quieter(recording: Path, folder: Path, gain_db: float) -> Path:
    """The recording with a gain, in floating point, so that nothing is rounded away."""
    path = folder / f"{gain_db:g}.wav"
    samples = (chord(5) * np.float32(10 ** (gain_db / 20))).astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, RATE, 4 * RATE, 4, 32)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


@pytest.mark.parametrize(("gain_db", "warned"), [(0, False), (-30, True)])
def test_a_quiet_recording_is_tagged_as_it_is_and_that_is_said(
    lab: Lab, recording: Path, tmp_path: Path, gain_db: float, warned: bool
) -> None:
    sets, reasons = run(lab.store(), quieter(recording, tmp_path, gain_db), TagRequest(), "own-mood", "own-genre")
    assert ("AUDIO_QUIET" in reasons) == warned
    assert [one.gain_db for one in sets] == [None, None]


def test_at_a_common_loudness_a_gain_changes_no_score(lab: Lab, recording: Path, tmp_path: Path) -> None:
    def scores(gain_db: float, normalise: bool) -> tuple[dict[str, float], float | None]:
        request = TagRequest(all_scores=True, normalise_gain=normalise)
        (one,), reasons = run(lab.store(), quieter(recording, tmp_path, gain_db), request, "own-mood")
        assert "AUDIO_QUIET" not in reasons or not normalise
        return {tag.label: tag.score for tag in one.tags}, one.gain_db

    (loud, gain), (quiet, more) = scores(0, True), scores(-24, True)
    # FFmpeg's meter tells tenths of a hundredth of a LU.
    assert quiet == pytest.approx(loud, abs=1e-3)
    assert gain is not None
    assert more == pytest.approx(gain + 24, abs=0.02)
    # Without it the networks hear something else.
    assert scores(-24, False)[0] != pytest.approx(scores(0, False)[0], abs=1e-3)


def test_whether_the_gain_was_normalised_is_in_the_evidence() -> None:
    for wanted in (False, True):
        described = AnalysisRequest(tags=TagRequest(normalise_gain=wanted)).described()
        assert described["normalise_gain"] == str(wanted).lower()
    assert "normalise_gain" not in AnalysisRequest().described()


@pytest.mark.parametrize("damage", [lambda content: content[:-1] + b"?", lambda content: content[:9]])
def test_a_damaged_model_of_the_services_own_choice_is_left_out_and_told(
    lab: Lab, recording: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    root = tmp_path / "store"
    shutil.copytree(lab.root, root)
    store = Store(root, Manifest.load(MANIFEST, lab.extra))
    blob = store.blobs.path(store.manifest.model("own-genre-tf").files[0].sha256)
    damaged = damage(blob.read_bytes())
    blob.unlink()
    blob.write_bytes(damaged)
    sets, reasons = run(store, recording, TagRequest(), "own-genre-tf", "own-genre")
    assert [one.model.name for one in sets] == ["own-genre"]
    assert "MODEL_CORRUPT" in reasons
    with pytest.raises(AntiphonError) as caught:
        TagStage(settings(), store).plan(TagRequest(models=("own-genre-tf",)))
    assert caught.value.reason == "MODEL_CORRUPT"
