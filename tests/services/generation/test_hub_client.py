"""The hub's official client pulls from the hub that the store's tests use: what that one says is what a hub says."""

import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

from tests.fixtures.scripted_hub import git_blob, scripted_hub

FILES = {"config.json": b"{}", "model.safetensors": b"weights" * 500}


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    with scripted_hub() as hub:
        hub.publish("someone/tiny", FILES)
        yield hub


def download(hub, tmp_path, path, token=False):
    return hf_hub_download("someone/tiny", path, cache_dir=tmp_path, endpoint=hub.url, token=token)


def test_the_listing_has_the_sizes_and_digests_that_the_client_reads(hub):
    info = HfApi(endpoint=hub.url, token=False).model_info("someone/tiny", revision="main", files_metadata=True)
    found = {one.rfilename: one for one in info.siblings}
    assert info.sha == hub.repositories["someone/tiny"].commit
    assert found["config.json"].blob_id == git_blob(FILES["config.json"])
    assert found["model.safetensors"].lfs.size == found["model.safetensors"].size == 3500


@pytest.mark.parametrize("path", FILES)
def test_the_client_gets_small_and_large_files(hub, tmp_path, path):
    with open(download(hub, tmp_path, path), "rb") as stream:
        assert stream.read() == FILES[path]


def test_the_client_follows_a_renamed_repository(hub, tmp_path):
    hub.repositories["somebody/small"] = hub.repositories.pop("someone/tiny")
    hub.renamed["someone/tiny"] = "somebody/small"
    with open(download(hub, tmp_path, "config.json"), "rb") as stream:
        assert stream.read() == FILES["config.json"]


def test_the_client_understands_what_is_refused(hub, tmp_path):
    with pytest.raises(EntryNotFoundError):
        download(hub, tmp_path, "none.json")
    hub.repositories["someone/tiny"].gated = True
    with pytest.raises(GatedRepoError):
        download(hub, tmp_path, "config.json")
    del hub.repositories["someone/tiny"]
    with pytest.raises(RepositoryNotFoundError):
        download(hub, tmp_path, "config.json")
