"""Demucs models from a mirror to stems: pulled, converted where they are pickles, loaded, as their rows say."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, Store
from chassis.models.converter import ConversionError
from chassis.models.pull import Puller
from chassis.models.settings import HubSettings, StoreSettings
from services.separation.contract import Plan
from services.separation.conversion import demucs
from services.separation.engines.demucs import weights
from services.separation.engines.demucs.engine import Demucs
from services.separation.settings import SeparationSettings
from standins import tiny_demucs

PROJECT = Path(__file__).parents[5]
MANIFEST = PROJECT / "services" / "separation" / "models.toml"
SETTINGS = SeparationSettings(device="cpu", backend="torch")


def pickled(path: Path, model: Any, **entries: Any) -> Path:
    """A checkpoint as demucs saves its own: the class itself, its arguments and its weights in half precision."""
    args, kwargs = model._init_args_kwargs
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    package = {"klass": type(model), "args": args, "kwargs": kwargs, "state": state, "training_args": {"seed": 42}}
    torch.save({**package, **entries}, path)
    return path


@pytest.mark.parametrize("kind", tiny_demucs.ARGUMENTS)
def test_a_pickled_network_is_the_same_network_as_safetensors(tmp_path: Path, kind: str) -> None:
    model = tiny_demucs.network(kind)
    demucs(tmp_path / "out.safetensors", pickled(tmp_path / "network.th", model))
    read = weights.load(tmp_path / "out.safetensors")
    assert type(read) is type(model)
    assert weights.read_stems(tmp_path / "out.safetensors") == tuple(tiny_demucs.STEMS)
    named = dict(model.state_dict())
    assert all(torch.equal(tensor, named[name].half().float()) for name, tensor in read.state_dict().items())


def test_a_conversion_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    checkpoint = pickled(tmp_path / "network.th", tiny_demucs.network("htdemucs"))
    for name in ("one", "two"):
        demucs(tmp_path / name, checkpoint)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("tensor", "told"),
    [
        (torch.zeros(1).expand(4_000_000_000), "4000000000 values in 4 bytes"),
        (torch.zeros(1000).as_strided((1000, 1000, 1000), (0, 0, 1)), "1000000000 values in 4000 bytes"),
        (torch.eye(3).to_sparse(), "is no plain array"),
        (torch.zeros(3, dtype=torch.bfloat16), "is no plain array"),
        (torch.zeros(3, device="meta"), "is no plain array|values in"),
    ],
    ids=["expanded", "overlapping", "sparse", "bfloat16", "meta"],
)
def test_a_tensor_that_is_no_plain_array_of_its_file_is_refused(
    tmp_path: Path, tensor: torch.Tensor, told: str
) -> None:
    checkpoint = pickled(tmp_path / "network.th", tiny_demucs.network("htdemucs"), state={"a": tensor})
    with pytest.raises(ConversionError, match=told):
        demucs(tmp_path / "out.safetensors", checkpoint)


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_code_in_a_checkpoint_is_refused_and_does_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    hostile = pickled(tmp_path / "network.th", tiny_demucs.network("htdemucs"), training_args=Touch(witness))
    with pytest.raises(ConversionError, match="refused"):
        demucs(tmp_path / "out", hostile)
    bare = tmp_path / "bare.th"
    bare.write_bytes(pickle.dumps(Touch(witness)))
    with pytest.raises(ConversionError, match="refused"):
        demucs(tmp_path / "out", bare)
    assert not witness.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"klass": torch.nn.Linear}, "refused"),
        ({"klass": "demucs.htdemucs.HTDemucs"}, "its class is"),
        ({"state": {"__quantized": True}}, "no packed state"),
        ({"state": {"weight": 3}}, "no tensor"),
        ({"kwargs": {"sources": {1, 2}}}, "plain values|refused"),
    ],
)
def test_what_is_no_network_is_refused(tmp_path: Path, entries: dict[str, Any], complaint: str) -> None:
    checkpoint = pickled(tmp_path / "network.th", tiny_demucs.network("htdemucs"), **entries)
    with pytest.raises(ConversionError, match=complaint):
        demucs(tmp_path / "out", checkpoint)


def test_a_bag_of_pickles_is_pulled_from_a_mirror_and_separates(tmp_path: Path) -> None:
    mirror, service = tmp_path / "mirror", tmp_path / "separation"
    mirror.mkdir()
    service.mkdir()
    rows = [
        '[[models]]\nname = "tiny"\nengine = "demucs"\ndefault = true\nstarter = false\nrevision = "seeded"\n'
        'license_spdx = "CC0-1.0"\ncommercial_use = true\n'
    ]

    def named(name: str, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (mirror / digest).write_bytes(data)
        return (
            f'name = "{name}"\nsize = {len(data)}\nsha256 = "{digest}"\n'
            'sources = [{ kind = "https", url = "https://example.invalid/nothing" }]\n'
        )

    bag = tiny_demucs.yaml_of(["aaaa0000", "aaaa0001"], [[1, 1, 1, 0], [0, 0, 0, 1]], 1)
    rows.append("[[models.files]]\n" + named("tiny.yaml", bag.encode()))
    for seed in range(2):
        data = pickled(tmp_path / "network.th", tiny_demucs.network("hdemucs", seed)).read_bytes()
        rows.append(
            f'[[models.files]]\nname = "aaaa000{seed}.safetensors"\nrecorded = true\n'
            'convert = "services.separation.conversion:demucs"\nconvert_needs = ["torch"]\n'
            "[[models.files.inputs]]\n" + named(f"aaaa000{seed}.th", data)
        )
    (service / "models.toml").write_text("\n".join(rows))
    store = Store(tmp_path / "store", Manifest.load(service / "models.toml"))
    settings = StoreSettings(models=tmp_path / "store", model_mirror=mirror, model_sources=("directory",))
    with pytest.raises(AntiphonError, match="MODEL_NOT_INSTALLED"):
        store.require("tiny")
    Puller(PROJECT, settings, HubSettings(), lambda event: None).pull(store, "tiny")
    model = store.require("tiny")
    assert set(model.report().weights_sha256) == {"tiny.yaml", "aaaa0000.safetensors", "aaaa0001.safetensors"}
    assert all(len(digest) == 64 for digest in model.report().weights_sha256.values())
    bag_ = Demucs.load(model, SETTINGS)
    mix = (0.1 * np.random.default_rng(0).standard_normal((2, 50_000))).astype(np.float32)
    got = list(bag_.separate([mix], plan=Plan(stems=("vocals",))))
    assert sum(block.frame_count for block in got) == 50_000


def rows() -> list[dict[str, Any]]:
    return [row for row in tomllib.loads(MANIFEST.read_text())["models"] if row["engine"] == "demucs"]


def test_the_rows_hold_the_bags_that_demucs_lists() -> None:
    import demucs as library

    remote = Path(next(iter(library.__path__))) / "remote"
    hashes = [line.split(".")[0] for line in (remote / "files.txt").read_text().splitlines() if line.endswith(".th")]
    known = dict(line.split("-") for line in hashes)
    for row in rows():
        listed = remote / f"{row['name']}.yaml"
        (file,) = [each for each in row["files"] if each["name"] == f"{row['name']}.yaml"]
        assert hashlib.sha256(listed.read_bytes()).hexdigest() == file["sha256"]
        networks = {each["name"].removesuffix(".safetensors"): each for each in row["files"] if each != file}
        assert set(networks) == {str(each) for each in yaml.safe_load(listed.read_text())["models"]}
        for signature, each in networks.items():
            for source in each.get("inputs", []):
                # demucs writes the first eight digits of the digest into the name of a checkpoint, and of some that
                # is all that is published.
                assert source.get("sha256", source.get("sha256_begins", "")).startswith(known[signature])


def test_no_row_of_demucs_may_be_used_commercially(tmp_path: Path) -> None:
    assert rows()
    assert not any(row["commercial_use"] for row in rows())
    with pytest.raises(AntiphonError, match="LICENCE_REFUSED"):
        Store(tmp_path, MANIFEST, licence_policy="commercial").require("htdemucs")


@pytest.mark.slow
def test_a_network_of_the_published_size_fits_the_file_that_the_row_pins(tmp_path: Path) -> None:
    # 41,984,456 parameters, as is said of the published model; its file has 84,025,440 bytes.
    model = tiny_demucs.full_size()
    path = tmp_path / "955717e8.safetensors"
    tiny_demucs.write(path, model)
    (row,) = [row for row in rows() if row["name"] == "htdemucs"]
    (pinned,) = [each["size"] for each in row["files"] if each["name"] == path.name]
    assert abs(path.stat().st_size - pinned) < 4_000, "what the heads of the two files may differ by"
    files = {"htdemucs.yaml": tiny_demucs.yaml_of(["955717e8"]).encode(), path.name: path.read_bytes()}
    loaded = Demucs.load(tiny_demucs.store(tmp_path / "store", {"htdemucs": files}).require("htdemucs"), SETTINGS)
    assert loaded.stems == ("drums", "bass", "other", "vocals")
    blocks = list(loaded.separate([np.zeros((2, 4_410), np.float32)]))
    assert [block.frame_count for block in blocks] == [4_410]
    shutil.rmtree(tmp_path)  # half a gigabyte less for those who keep pytest's folders
