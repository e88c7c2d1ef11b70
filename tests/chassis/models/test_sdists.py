"""Members of source archives come from the index that pip is configured for, and nothing of an archive is run."""

import io
import json
import tarfile

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import sdists
from chassis.models.events import Progress
from chassis.models.sdists import unpack_member
from chassis.models.transfer import SourceError

CONTENT = bytes(range(256)) * 400
MEMBER = "made_up-1.0/made_up/weights.pkl"
ROW = f'{{ kind = "sdist", sdist = "made-up", path = "{MEMBER}" }}'
NAME = "made_up-1.0.tar.gz"


def archive(*members):
    """A .tar.gz of (TarInfo or name, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def packed(tmp_path):
    """An archive whose own program would leave a trace if it were run."""
    program = f"import pathlib; pathlib.Path({str(tmp_path / 'was-run')!r}).touch()"
    return archive(("made_up-1.0/setup.py", program.encode()), (MEMBER, CONTENT), ("made_up-1.0/b", b"note"))


@pytest.fixture
def index(lab, web, packed, digest_of, monkeypatch):
    """A package index on this machine that pip is told of; gives a function that describes its page."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{web.url}/simple")
    web.files[f"/files/{NAME}"] = packed
    web.files["/simple/made-up/"] = f'<a href="../../files/{NAME}#sha256=0">{NAME}</a>'.encode()
    table = f'[sdists.made-up]\nversion = "1.0"\nsize = {len(packed)}\nsha256 = "{digest_of(packed)}"\n'
    other = '{ kind = "sdist", sdist = "made-up", path = "made_up-1.0/b" }'
    lab.manifest(lab.file("weights.bin", CONTENT, ROW), lab.file("b", b"note", other), wheels=table)


def read(lab):
    return lab.store().require("tiny").files["weights.bin"].read_bytes()


def test_members_are_read_out_of_an_archive_that_is_fetched_once_and_never_run(lab, web, index, tmp_path):
    lab.puller().pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert [path for path, _, _ in web.requests] == ["/simple/made-up/", f"/files/{NAME}"]
    assert not (tmp_path / "was-run").exists()
    assert "made-up 1.0 (source)" in {event.file for event in lab.events if isinstance(event, Progress)}
    assert list(lab.store().blobs.staging.iterdir()) == []


def test_an_index_may_answer_in_json(lab, web, index, monkeypatch):
    files = [{"filename": name, "url": f"../../files/{name}"} for name in ("made_up-0.9.tar.gz", NAME)]
    web.files["/simple/made-up/"] = json.dumps({"files": files}).encode()
    web.kinds["/simple/made-up/"] = "application/vnd.pypi.simple.v1+json"
    lab.puller().pull(lab.store(), "tiny")
    assert read(lab) == CONTENT


def test_the_password_of_an_index_is_sent_there_and_not_told(lab, web, index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", web.url.replace("://", "://me:s%40cret@") + "/simple")
    lab.puller().pull(lab.store(), "tiny")
    assert {login for _, _, login in web.requests} == {"Basic bWU6c0BjcmV0"}
    web.files.clear()
    lab.store().blobs.path(lab.store().manifest.model("tiny").files[0].sha256).unlink()
    with pytest.raises(AntiphonError, match="answered 404") as caught:
        lab.puller().pull(lab.store(), "tiny")
    assert "cret" not in caught.value.message


def test_an_archive_in_a_folder_that_pip_knows_needs_no_index(lab, web, index, packed, monkeypatch):
    (lab.wheels / NAME).write_bytes(packed)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(lab.wheels))
    lab.puller().pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert web.requests == []


def test_an_archive_in_the_mirror_is_found_by_what_it_holds(lab, web, index, packed, tmp_path):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "renamed").write_bytes(packed)
    lab.puller(model_mirror=tmp_path / "mirror").pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert web.requests == []


def test_an_archive_counts_once_in_the_download(lab, index, packed):
    model = lab.store().manifest.model("tiny")
    assert model.download_bytes == len(packed)


def test_another_archive_than_the_pinned_one_is_refused(lab, web, index, packed):
    web.files[f"/files/{NAME}"] = packed[:-1] + bytes([packed[-1] ^ 1])
    with pytest.raises(AntiphonError, match=r"made-up-1\.0\.tar\.gz has \d+ bytes and SHA-256"):
        lab.puller().pull(lab.store(), "tiny")


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (b"<a href='other-1.0.tar.gz'>", "lists no made-up-1.0.tar.gz"),
        (b"\xff\x00<a", "lists no made-up-1.0.tar.gz"),
        (f"<a href='http://example.com/{NAME}'>".encode(), "http://example.com/.* is refused"),
    ],
)
def test_an_index_without_the_archive_says_so(lab, web, index, page, complaint):
    web.files["/simple/made-up/"] = page
    with pytest.raises(AntiphonError, match=complaint):
        lab.puller().pull(lab.store(), "tiny")


@pytest.mark.parametrize("page", [b"{", b"[]", b'{"files": [1]}', b"[" * 100_000])
def test_an_index_that_answers_in_broken_json_says_so(lab, web, index, page):
    web.files["/simple/made-up/"], web.kinds["/simple/made-up/"] = page, "application/json"
    with pytest.raises(AntiphonError, match="no list of files"):
        lab.puller().pull(lab.store(), "tiny")


def test_no_folder_and_no_index_is_told(lab, index, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(AntiphonError, match=r"no folder that pip knows .*made-up-1\.0\.tar\.gz"):
        lab.puller().pull(lab.store(), "tiny")


def unpack(tmp_path, content, size=25_600 * 4, member=MEMBER):
    (tmp_path / "a.tar.gz").write_bytes(content)
    unpack_member(tmp_path / "a.tar.gz", member, tmp_path / "out", size)
    return (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("info", "complaint"),
    [
        (link(MEMBER, "/etc/passwd"), "is no regular file"),
        (link(MEMBER, "made_up-1.0/b", tarfile.LNKTYPE), "is no regular file"),
        (link(MEMBER, "", tarfile.DIRTYPE), "is no regular file"),
        (link(MEMBER, "", tarfile.FIFOTYPE), "is no regular file"),
        (tarfile.TarInfo("../" + MEMBER), "has no member"),
    ],
)
def test_a_member_that_is_no_regular_file_of_that_name_is_refused(tmp_path, info, complaint):
    with pytest.raises(SourceError, match=complaint):
        unpack(tmp_path, archive(("made_up-1.0/b", b"note"), (info, b"")), 0)
    assert not (tmp_path / "out").exists()


def test_a_name_that_leads_out_of_the_archive_is_no_path(tmp_path):
    assert unpack(tmp_path, archive(("../../evil", CONTENT)), member="../../evil") == CONTENT
    assert not (tmp_path.parent.parent / "evil").exists()


def test_a_member_of_another_size_is_refused(tmp_path, packed):
    with pytest.raises(SourceError, match=f"has {len(CONTENT)} bytes; the file has 7"):
        unpack(tmp_path, packed, 7)


@pytest.mark.parametrize("content", [b"", b"no archive", archive((MEMBER, CONTENT))[:200]])
def test_a_damaged_archive_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"cannot be unpacked|has no member"):
        unpack(tmp_path, content)


def test_an_archive_that_unpacks_without_an_end_is_refused(tmp_path, monkeypatch):
    # A smaller limit than the real one, which takes seconds to reach.
    monkeypatch.setattr(sdists._Bounded, "_left", 1 << 20)
    with pytest.raises(SourceError, match="unpacks to more than"):
        unpack(tmp_path, archive(("made_up-1.0/zeros", bytes(4 << 20)), (MEMBER, CONTENT)))
    assert not (tmp_path / "out").exists()
