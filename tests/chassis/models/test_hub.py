"""Files that no manifest pins: the hub's own statement at the first pull is checked, recorded, and held to."""

import hashlib
import json

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models.manifest import Manifest, ManifestError
from tests.fixtures.scripted_hub import scripted_hub

CONFIG, WEIGHTS, MORE = b'{"model_type": "tiny"}', b"weights" * 1000, b"more" * 700
FILES = {"config.json": CONFIG, "model-1.safetensors": WEIGHTS, "model-2.safetensors": MORE, "README.md": b"#"}

ROW = """
[[models]]
name = "tiny"
engine = "fake"
default = true
starter = true
revision = "main"
license_spdx = "MIT"
commercial_use = true
stated_bytes = 9000
[[models.sets]]
repository = "someone/tiny"
revision = "main"
files = ["config.json", "*.safetensors"]
optional = ["chat_template.jinja"]
"""


@pytest.fixture
def hub():
    with scripted_hub() as hub:
        hub.publish("someone/tiny", FILES)
        yield hub


@pytest.fixture
def puller(lab, hub):
    lab.write(ROW)
    return lab.puller(hub=hub.url)


def refusal(puller, lab, name="tiny"):
    with pytest.raises(AntiphonError) as caught:
        puller.pull(lab.store(), name)
    assert caught.value.reason == "MODEL_FETCH_FAILED"
    assert not lab.store().installed(name)
    return caught.value.message


def test_a_row_with_a_repository_and_a_revision_alone_is_pulled_and_recorded(puller, lab, hub, digest_of):
    assert not lab.store().installed("tiny")
    assert lab.store().model("tiny").download_bytes == 9000
    with pytest.raises(AntiphonError, match="antiphon models pull tiny"):
        lab.store().require("tiny")
    puller.pull(lab.store(), "tiny")
    installed = lab.store().require("tiny")
    assert {name: path.read_bytes() for name, path in installed.files.items()} == {
        name: content for name, content in FILES.items() if name != "README.md"
    }
    report = installed.report()
    assert report.digest_source == "hub at first pull"
    # A branch identifies nothing; the commit that it was does.
    assert lab.store().manifest.model("tiny").revision == "main"
    assert report.revision == hub.repositories["someone/tiny"].commit
    assert report.weights_sha256["model-1.safetensors"] == digest_of(WEIGHTS)
    (record,) = (lab.root / "records").iterdir()
    assert json.loads(record.read_text())["commit"] == hub.repositories["someone/tiny"].commit
    assert lab.store().model("tiny").installed_bytes == len(CONFIG + WEIGHTS + MORE)


def test_what_was_recorded_holds_when_the_branch_has_moved(puller, lab, hub):
    puller.pull(lab.store(), "tiny")
    hub.repositories["someone/tiny"].files["config.json"] = b'{"model_type": "other"}'
    hub.requests.clear()
    puller.pull(lab.store(), "tiny")
    assert hub.requests == []
    path = lab.store().require("tiny").files["model-1.safetensors"].resolve()
    path.unlink()
    # The commit of the first pull is gone from this hub, and no other is taken in its place.
    assert "no such revision" in refusal(puller, lab)


def test_a_lost_file_comes_again_from_the_recorded_commit(puller, lab, hub):
    puller.pull(lab.store(), "tiny")
    lab.store().require("tiny").files["config.json"].resolve().unlink()
    assert lab.store().damaged("tiny") == ("config.json",)
    puller.pull(lab.store(), "tiny")
    assert lab.store().require("tiny").files["config.json"].read_bytes() == CONFIG


@pytest.mark.parametrize("path", ["config.json", "model-1.safetensors"])
def test_bytes_that_are_not_those_the_hub_states_are_refused(puller, lab, hub, path):
    hub.tampered[path] = bytes(len(FILES[path]))
    message = refusal(puller, lab)
    assert path in message
    assert ("git's id" in message) == (path == "config.json")
    assert not (lab.root / "records").exists()


def test_large_files_come_from_another_host_which_never_sees_the_token(lab, hub):
    lab.write(ROW)
    lab.puller(hub=hub.url, token="secret").pull(lab.store(), "tiny")
    assert hub.asked("/storage/") == 2
    assert set(hub.tokens) == {"secret"}
    assert hub.leaked == []


def test_a_transfer_that_breaks_off_goes_on_where_it_was(puller, lab, hub):
    hub.cut = [3000]
    puller.pull(lab.store(), "tiny")
    assert ("GET", f"/storage/{hashlib.sha256(WEIGHTS).hexdigest()}/model-1.safetensors", "bytes=3000-") in hub.requests
    assert lab.store().require("tiny").files["model-1.safetensors"].read_bytes() == WEIGHTS


def test_a_pull_that_was_given_up_goes_on_in_the_next_one(lab, hub, puller):
    hub.cut = [1000, 2000, 3000]
    refusal(puller, lab)
    hub.requests.clear()
    puller.pull(lab.store(), "tiny")
    assert any(span == "bytes=3000-" for _, _, span in hub.requests)


def test_a_gated_repository_says_what_to_accept_and_where_the_token_goes(lab, hub):
    lab.write(ROW)
    gated = hub.publish("someone/tiny", FILES, gated=True)
    message = refusal(lab.puller(hub=hub.url), lab)
    assert f"accept its terms at {hub.url}/someone/tiny" in message
    assert f"{hub.url}/settings/tokens" in message
    assert "HF_TOKEN" in message
    message = refusal(lab.puller(hub=hub.url, token="mine"), lab)
    assert "the one that HF_TOKEN belongs to" in message
    assert "mine" not in message
    gated.accepted.add("mine")
    lab.puller(hub=hub.url, token="mine").pull(lab.store(), "tiny")
    assert lab.store().installed("tiny")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("someone/tiny", "someone/none", "no such repository"),
        ('revision = "main"\nfiles', 'revision = "v9"\nfiles', "no such revision"),
        ('"*.safetensors"', '"*.gguf"', "has no file *.gguf"),
    ],
)
def test_what_the_hub_does_not_have_is_said(puller, lab, hub, before, after, complaint):
    lab.write(ROW.replace(before, after))
    assert complaint in refusal(puller, lab)


def test_a_renamed_repository_is_followed(puller, lab, hub):
    hub.repositories["somebody/small"] = hub.repositories.pop("someone/tiny")
    hub.renamed["someone/tiny"] = "somebody/small"
    puller.pull(lab.store(), "tiny")
    assert lab.store().installed("tiny")
    assert hub.asked("/somebody/small/") > 0


def test_a_hub_that_asks_to_be_left_alone_is_left_alone_and_asked_again(puller, lab, hub):
    hub.limited = [1]
    puller.pull(lab.store(), "tiny")
    assert any("429" in str(event) and "waiting 1 s, as it asks" in str(event) for event in lab.events)
    assert lab.store().installed("tiny")


def test_a_hub_that_asks_for_longer_than_is_sensible_is_given_up(puller, lab, hub):
    hub.limited = [7200]
    assert "it asks to come back after 7200 s" in refusal(puller, lab)


def test_without_a_way_to_the_hub_the_ways_around_it_are_named(lab, puller):
    message = refusal(lab.puller(hub="http://127.0.0.1:1"), lab)
    for way in ("ANTIPHON_MODEL_MIRROR", "antiphon models import", "HF_ENDPOINT"):
        assert way in message


@pytest.mark.parametrize(
    "page",
    [
        b"<html>",
        b'{"sha": "abc", "siblings": []}',
        b'{"sha": "%s", "siblings": [{"rfilename": "../x", "size": 1, "blobId": "%s"}]}' % (b"a" * 40, b"b" * 40),
        b'{"sha": "%s", "siblings": [{"rfilename": "x", "size": -1, "blobId": "%s"}]}' % (b"a" * 40, b"b" * 40),
        b'{"sha": "%s", "siblings": [{"rfilename": "x", "size": 1, "lfs": {"size": 1, "sha256": "y"}}]}' % (b"a" * 40),
        b"[" * 10_000,
    ],
)
def test_a_listing_that_makes_no_sense_is_refused(lab, web, page):
    lab.write(ROW)
    web.files["/api/models/someone/tiny/revision/main?blobs=true"] = page
    assert "no list of files" in refusal(lab.puller(hub=web.url), lab)


def test_a_file_of_a_hub_or_of_an_address_can_be_recorded_by_itself(lab, hub, web, digest_of):
    web.files["/head.onnx"] = b"head"
    lab.manifest(
        """
        [[models.files]]
        name = "config.json"
        recorded = true
        sources = [{ kind = "hub", repository = "someone/tiny", revision = "main", path = "config.json" }]
        """,
        f"""
        [[models.files]]
        name = "head.onnx"
        recorded = true
        sha256_begins = "{digest_of(b"head")[:8]}"
        sources = [{{ kind = "https", url = "{web.url}/head.onnx" }}]
        """,
    )
    puller = lab.puller(hub=hub.url)
    puller.pull(lab.store(), "tiny")
    installed = lab.store().require("tiny")
    assert installed.files["head.onnx"].read_bytes() == b"head"
    assert {file.name: file.digest_source for file in installed.model.files} == {
        "config.json": "hub at first pull",
        "head.onnx": "first pull",
    }
    assert installed.report().digest_source == "first pull"
    web.files["/head.onnx"] = b"tail"
    installed.files["head.onnx"].resolve().unlink()
    assert "as the first pull recorded" in refusal(puller, lab)


def test_the_first_digits_of_a_digest_are_held_to_where_no_more_is_published(lab, web, hub):
    web.files["/head.onnx"] = b"head"
    source = f'sources = [{{ kind = "https", url = "{web.url}/head.onnx" }}]'
    lab.manifest(f'[[models.files]]\nname = "h"\nrecorded = true\nsha256_begins = "abcd1234"\n{source}')
    assert "it begins with abcd1234" in refusal(lab.puller(hub=hub.url), lab)


CONVERTED = """
[[models.files]]
name = "{name}"
recorded = true
convert = "services.speech.conversion:{verb}"
[[models.files.inputs]]
name = "state.bin"
recorded = true
sources = [{{ kind = "hub", repository = "someone/pickles", revision = "main", path = "state.bin" }}]
"""


def test_a_conversion_of_what_no_manifest_pins_is_recorded_with_its_input_which_is_fetched_once(lab, hub, digest_of):
    hub.publish("someone/pickles", {"state.bin": b"pickled"})
    lab.manifest(*(CONVERTED.format(name=f"{verb}.safetensors", verb=verb) for verb in ("one", "two")))
    (lab.project / "services" / "speech" / "conversion.py").write_text(
        "import pathlib, sys\nverb, out, path = sys.argv[1:]\n"
        "pathlib.Path(out).write_bytes(verb.encode() + pathlib.Path(path).read_bytes())\n"
    )
    lab.puller(hub=hub.url).pull(lab.store(), "tiny")
    assert hub.asked("/storage/") == 1
    installed = lab.store().require("tiny")
    assert installed.files["two.safetensors"].read_bytes() == b"twopickled"
    assert installed.report().digest_source == "hub at first pull"
    assert len(list((lab.root / "records").iterdir())) == 3
    assert not lab.store().blobs.path(digest_of(b"pickled")).exists()


def test_a_conversion_that_refuses_its_input_leaves_nothing_on_record(lab, hub):
    hub.publish("someone/pickles", {"state.bin": b"pickled"})
    lab.manifest(CONVERTED.format(name="one.safetensors", verb="one"))
    (lab.project / "services" / "speech" / "conversion.py").write_text("import sys\nsys.exit('refused: runs code')\n")
    assert "refused: runs code" in refusal(lab.puller(hub=hub.url), lab)
    assert not (lab.root / "records").exists()


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('files = ["config.json", "*.safetensors"]', "files = []", "files is empty"),
        ('repository = "someone/tiny"', 'repository = "tiny"', "owner/name"),
        ('revision = "main"\nfiles', 'revision = "a/../b"\nfiles', "a commit, a tag or a branch"),
        ("optional", 'folder = "../x"\noptional', "below the model's folder"),
        ("optional", "optionl", "does not know optionl"),
    ],
)
def test_a_slip_in_a_set_is_refused(lab, before, after, complaint):
    with pytest.raises(ManifestError, match=complaint):
        Manifest.load(lab.write(ROW.replace(before, after)))


def test_two_files_of_one_name_are_refused_before_anything_is_fetched(puller, lab, hub):
    again = ROW.partition("[[models.sets]]")[2]
    lab.write(f"{ROW}[[models.sets]]{again}")
    assert "two files named config.json" in refusal(puller, lab)
    assert hub.asked("/resolve/") == 0


def test_a_set_of_more_files_than_a_record_can_hold_is_refused(puller, lab, hub):
    hub.publish("someone/tiny", {"config.json": b"{}", **{f"{number}.safetensors": b"" for number in range(1000)}})
    assert "at most 1000 are taken" in refusal(puller, lab)
