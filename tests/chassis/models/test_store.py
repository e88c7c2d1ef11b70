"""What is installed is checked before it is used."""

import errno
import os

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, ManifestError, Store


@pytest.fixture
def pulled(lab, web, hub_row, hub_path):
    """A store with one model of two files, one of them in a subfolder."""
    contents = {"weights.bin": b"w" * 5000, "tokens/list.txt": b"t" * 40}
    for name, content in contents.items():
        web.files[hub_path(name)] = content
    lab.manifest(*(lab.file(name, content, hub_row(name)) for name, content in contents.items()))
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    return lab, contents


def blob(lab, name):
    return next(lab.store().blobs.path(f.sha256) for f in lab.store().manifest.model("tiny").files if f.name == name)


def overwrite(path, content):
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_model_that_is_absent_is_answered_with_the_command_that_installs_it(lab, hub_row):
    lab.manifest(lab.file("a", b"a", hub_row("a")))
    assert not lab.store().installed("tiny")
    with pytest.raises(AntiphonError) as caught:
        lab.store().require("tiny")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_NOT_INSTALLED")
    assert caught.value.metadata["command"] == "antiphon models pull tiny"
    assert caught.value.metadata["service"] == "speech"
    assert not lab.root.exists(), "asking must not write"


def test_an_installed_model_has_its_files_under_their_names(pulled):
    lab, contents = pulled
    model = lab.store().require("tiny")
    assert {name: path.read_bytes() for name, path in model.files.items()} == contents
    assert all(path == model.directory / name for name, path in model.files.items())
    assert model.report().weights_sha256.keys() == contents.keys()
    assert (model.name, model.revision) == ("tiny", "r1")


def test_a_store_can_be_moved(pulled, tmp_path):
    lab, contents = pulled
    lab.root.rename(tmp_path / "elsewhere")
    model = Store(tmp_path / "elsewhere", lab.store().manifest).require("tiny")
    assert model.files["weights.bin"].read_bytes() == contents["weights.bin"]


def test_the_root_is_taken_from_the_environment(pulled, monkeypatch):
    lab, _ = pulled
    monkeypatch.setenv("ANTIPHON_MODELS", str(lab.root))
    assert Store(None, lab.store().manifest).installed("tiny")


def test_a_blob_damaged_after_its_first_use_is_noticed(pulled):
    lab, contents = pulled
    lab.store().require("tiny")
    path = blob(lab, "weights.bin")
    overwrite(path, b"x" * len(contents["weights.bin"]))  # the size is right; only the digest tells
    os.utime(path, ns=(1, 1))  # a clock too coarse to differ must not decide the test
    with pytest.raises(AntiphonError) as caught:
        lab.store().require("tiny")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_CORRUPT")
    assert caught.value.metadata["blob"] == path.name
    assert str(lab.root) not in f"{caught.value} {caught.value.metadata}", "a caller is not told where the store lies"
    assert caught.value.metadata["command"] == "antiphon models pull tiny"
    assert lab.store().damaged("tiny") == ("weights.bin",)


@pytest.mark.parametrize("call", ["open", "stat"], ids=["the file", "its folder"])
def test_a_file_that_may_not_be_read_is_told_with_the_user_and_not_as_damage(pulled, monkeypatch, call):
    lab, _ = pulled
    real, unread = getattr(os, call), os.fspath(blob(lab, "weights.bin"))

    def refused(path, *args, **kwargs):
        if not isinstance(path, int) and os.fspath(path) == unread:
            raise PermissionError(errno.EACCES, "Permission denied", unread)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, call, refused)  # who tests may be root, who may read everything
    with pytest.raises(AntiphonError, match=r"may not read weights\.bin") as caught:
        lab.store().require("tiny")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_STORE_UNREADABLE")
    assert str(os.geteuid()) in caught.value.metadata["user"]
    assert str(lab.root) not in str(caught.value)


def test_damage_whose_time_of_writing_was_set_back_is_noticed(pulled):
    lab, contents = pulled
    lab.store().require("tiny")
    path = blob(lab, "weights.bin")
    before = path.stat()
    overwrite(path, b"x" * len(contents["weights.bin"]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(AntiphonError, match="MODEL_CORRUPT"):
        lab.store().require("tiny")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_in_the_place_of_a_blob_is_a_damaged_model_and_hangs_nobody(pulled, make):
    lab, _ = pulled
    path = blob(lab, "weights.bin")
    path.unlink()
    make(path)
    assert not lab.store().installed("tiny")
    with pytest.raises(AntiphonError, match="MODEL_CORRUPT"):
        lab.store().require("tiny")


def test_pulling_again_replaces_a_damaged_blob_and_fetches_nothing_else(pulled, web):
    lab, contents = pulled
    overwrite(blob(lab, "weights.bin"), b"short")
    web.requests.clear()
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert lab.store().require("tiny").files["weights.bin"].read_bytes() == contents["weights.bin"]
    assert len(web.requests) == 1


def test_a_name_that_points_elsewhere_is_put_right(pulled, tmp_path):
    lab, contents = pulled
    link = lab.store().require("tiny").files["weights.bin"]
    link.unlink()
    link.write_bytes(b"somebody's own file")
    assert lab.store().require("tiny").files["weights.bin"].read_bytes() == contents["weights.bin"]


def test_using_a_pulled_model_writes_nothing_so_the_store_may_be_mounted_read_only(pulled):
    lab, _ = pulled

    def state():
        return {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in (lab.root, *lab.root.rglob("*"))}

    before = state()
    view = lab.store().require("tiny").directory
    assert state() == before
    (view / "weights.bin").unlink()
    lab.store().require("tiny")
    assert state() != before  # the control: a name that must be made shows


def test_the_commercial_policy_refuses_weights_that_may_not_be_used_so(lab, hub_row):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    path.write_text(path.read_text().replace("commercial_use = true", "commercial_use = false"))
    strict, free = (Store(lab.root, path, policy) for policy in ("commercial", "any"))
    assert (strict.allowed("tiny"), free.allowed("tiny")) == (False, True)
    with pytest.raises(AntiphonError) as caught:
        strict.require("tiny")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "LICENCE_REFUSED")
    assert caught.value.metadata["model"] == "tiny"
    with pytest.raises(AntiphonError, match="MODEL_NOT_INSTALLED"):
        free.require("tiny")


def test_the_commercial_policy_leaves_the_others_alone(pulled):
    lab, contents = pulled
    model = Store(lab.root, lab.store().manifest, "commercial").require("tiny")
    assert model.files.keys() == contents.keys()


def test_a_policy_that_does_not_exist_is_refused(lab):
    with pytest.raises(ValueError, match="licence_policy"):
        Store(lab.root, lab.write("models = []"), "comercial")


def test_a_model_without_weights_is_always_there(lab):
    store = Store(lab.root, Manifest.load(lab.manifest("files = []")))
    assert store.installed("tiny")
    assert store.require("tiny").files == {}
    assert store.damaged("tiny") == ()
    assert store.manifest.model("tiny").download_bytes == 0
    lab.puller().pull(store, "tiny")
    assert [type(event).__name__ for event in lab.events] == ["Installed"]


def test_a_manifest_that_forgets_its_files_is_refused(lab):
    with pytest.raises(ManifestError, match="files is missing"):
        Manifest.load(lab.manifest())
