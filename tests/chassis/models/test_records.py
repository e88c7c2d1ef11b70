"""A file converted here has no digest in the manifest: what the first pull gave is recorded and held to."""

import json
import os

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models.manifest import Manifest, ManifestError

# Gives what its environment's file says, so that a test can make it give something else the second time.
CONVERSION = """
import pathlib, sys
verb, out, *inputs = sys.argv[1:]
extra = pathlib.Path(__file__).with_name("extra")
more = extra.read_bytes() if extra.exists() else b""
pathlib.Path(out).write_bytes(b"".join(pathlib.Path(one).read_bytes() for one in inputs) + more)
"""

RECORDED = """
[[models.files]]
name = "{name}"
recorded = true
convert = "services.speech.conversion:join"
[[models.files.inputs]]
name = "a"
size = 3
sha256 = "{digest}"
sources = [{source}]
"""


@pytest.fixture
def recorded(lab, web, hub_row, hub_path, digest_of):
    """A model whose one file is converted and recorded; gives the puller."""
    web.files[hub_path("a")] = b"aaa"
    lab.manifest(RECORDED.format(name="weights.bin", digest=digest_of(b"aaa"), source=hub_row("a")))
    (lab.project / "services" / "speech" / "conversion.py").write_text(CONVERSION)
    return lab.puller(hub=web.url)


def output(lab):
    return lab.store().require("tiny").files["weights.bin"]


def test_the_first_pull_records_what_the_conversion_gave(recorded, lab, digest_of):
    assert not lab.store().installed("tiny")
    assert lab.store().model("tiny").files[0].sha256 == ""
    with pytest.raises(AntiphonError) as caught:
        lab.store().require("tiny")
    assert caught.value.reason == "MODEL_NOT_INSTALLED"
    recorded.pull(lab.store(), "tiny")
    assert lab.store().installed("tiny")
    assert output(lab).read_bytes() == b"aaa"
    assert lab.store().require("tiny").report().weights_sha256 == {"weights.bin": digest_of(b"aaa")}
    (record,) = (lab.root / "records").iterdir()
    told = json.loads(record.read_text())
    assert (told["sha256"], told["size"], told["inputs"]) == (digest_of(b"aaa"), 3, {"a": digest_of(b"aaa")})
    assert told["conversion"] == "services.speech.conversion:join"


def test_what_is_recorded_is_not_converted_again(recorded, lab, web):
    recorded.pull(lab.store(), "tiny")
    recorded.pull(lab.store(), "tiny")
    assert len(web.requests) == 1
    assert not lab.events[-1].fetched


def test_a_damaged_file_is_found_by_its_record_and_made_again(recorded, lab):
    recorded.pull(lab.store(), "tiny")
    path = output(lab).resolve()
    path.chmod(0o644)
    path.write_bytes(b"bad")
    assert lab.store().damaged("tiny") == ("weights.bin",)
    with pytest.raises(AntiphonError) as caught:
        lab.store().require("tiny")
    assert caught.value.reason == "MODEL_CORRUPT"
    recorded.pull(lab.store(), "tiny")
    assert output(lab).read_bytes() == b"aaa"


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'{"sha256": null, "size": 3}',
        b'{"sha256": "../../x", "size": 3}',
        b'{"sha256": "' + b"a" * 64 + b'", "size": Infinity}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_record_that_makes_no_sense_is_none(recorded, lab, content):
    recorded.pull(lab.store(), "tiny")
    (record,) = (lab.root / "records").iterdir()
    record.write_bytes(content)
    assert not lab.store().installed("tiny")
    recorded.pull(lab.store(), "tiny")
    assert output(lab).read_bytes() == b"aaa"


def test_a_conversion_that_gives_something_else_later_is_refused(recorded, lab):
    recorded.pull(lab.store(), "tiny")
    output(lab).resolve().unlink()
    (lab.project / "services" / "speech" / "extra").write_bytes(b"!")
    with pytest.raises(AntiphonError, match="as the first pull recorded"):
        recorded.pull(lab.store(), "tiny")
    assert not lab.store().installed("tiny")


@pytest.mark.parametrize("size", [None, 2 << 20], ids=["a pipe", "megabytes"])
def test_what_is_no_record_in_the_place_of_one_is_passed_over_and_hangs_nobody(recorded, lab, size):
    recorded.pull(lab.store(), "tiny")
    (record,) = (lab.root / "records").iterdir()
    text = record.read_text()
    record.unlink()
    if size is None:
        os.mkfifo(record)
    else:
        record.write_text(text + " " * size)
    assert not lab.store().installed("tiny")
    with pytest.raises(AntiphonError, match="MODEL_NOT_INSTALLED"):
        lab.store().require("tiny")


def test_other_inputs_begin_a_record_of_their_own(recorded, lab, web, hub_row, hub_path, digest_of):
    recorded.pull(lab.store(), "tiny")
    web.files[hub_path("a")] = b"bbb"
    lab.manifest(RECORDED.format(name="weights.bin", digest=digest_of(b"bbb"), source=hub_row("a")))
    assert not lab.store().installed("tiny")
    recorded.pull(lab.store(), "tiny")
    assert output(lab).read_bytes() == b"bbb"
    assert len(list((lab.root / "records").iterdir())) == 2


def test_two_files_of_one_input_fetch_it_once(recorded, lab, web, hub_row, digest_of):
    rows = [RECORDED.format(name=name, digest=digest_of(b"aaa"), source=hub_row("a")) for name in ("one", "two")]
    lab.manifest(rows[0], rows[1].replace(":join", ":join_again"))
    recorded.pull(lab.store(), "tiny")
    assert len(web.requests) == 1
    assert set(lab.store().require("tiny").files) == {"one", "two"}


def test_a_folder_with_the_inputs_can_be_imported(recorded, lab, tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "whatever").write_bytes(b"aaa")
    offline = lab.puller(model_mirror=folder, model_sources=("directory",))
    offline.pull(lab.store(), "tiny")
    assert output(lab).read_bytes() == b"aaa"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            "[[models.files.inputs]]",
            'sources = [{ kind = "https", url = "x" }]\n[[models.files.inputs]]',
            "nowhere fetched",
        ),
        ("recorded = true", "recorded = true\nsize = 3", "does not know size"),
        ("recorded = true", "recorded = false", "size is missing"),
    ],
)
def test_a_slip_in_a_recorded_row_is_refused(recorded, lab, before, after, complaint):
    path = lab.project / "services" / "speech" / "models.toml"
    text = path.read_text()
    path.write_text(text.replace(before, after))
    with pytest.raises(ManifestError, match=complaint):
        Manifest.load(path)
