"""Files are fetched from their sources in order, and only the right bytes get in."""

import os
import subprocess
import sys

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models.events import Installed, Note, Progress

CONTENT = bytes(range(256)) * 2000  # 512 kB: more than one read of a socket


def read(lab, name="weights.bin"):
    return lab.store().require("tiny").files[name].read_bytes()


@pytest.fixture
def hub(lab, web, hub_row, hub_path):
    """One model of one file on the hub; gives the path at which the hub is asked."""
    web.files[hub_path("weights.bin")] = CONTENT
    lab.manifest(lab.file("weights.bin", CONTENT, hub_row("weights.bin")))
    return hub_path("weights.bin")


def test_a_hub_file_is_fetched_at_its_pinned_commit_with_progress(lab, web, hub):
    lab.puller(hub=web.url, token="secret").pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert web.requests == [(hub, None, "Bearer secret")]
    done = [event.done for event in lab.events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert isinstance(lab.events[-1], Installed)
    assert lab.events[-1].fetched


def test_what_is_installed_is_not_fetched_again(lab, web, hub):
    puller = lab.puller(hub=web.url)
    puller.pull(lab.store(), "tiny")
    puller.pull(lab.store(), "tiny")
    assert len(web.requests) == 1
    assert not lab.events[-1].fetched


def test_the_token_does_not_follow_a_redirect_to_another_host(lab, web, hub):
    web.files["/elsewhere"] = CONTENT
    web.redirects[hub] = f"http://localhost:{web.server_address[1]}/elsewhere"
    lab.puller(hub=web.url, token="secret").pull(lab.store(), "tiny")
    assert web.requests == [(hub, None, "Bearer secret"), ("/elsewhere", None, None)]


def test_the_token_follows_a_redirect_on_the_same_host(lab, web, hub):
    web.files["/elsewhere"] = CONTENT
    web.redirects[hub] = "/elsewhere"
    lab.puller(hub=web.url, token="secret").pull(lab.store(), "tiny")
    assert web.requests[-1] == ("/elsewhere", None, "Bearer secret")


def test_a_truncated_answer_is_resumed_where_it_broke_off(lab, web, hub):
    web.cut[hub] = [100_000]
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert [span for _, span, _ in web.requests] == [None, "bytes=100000-"]


def test_a_transfer_given_up_is_resumed_by_the_next_pull(lab, web, hub):
    web.cut[hub] = [100, 200, 300]  # three tries, each a little further
    with pytest.raises(AntiphonError, match=f"3 tries; 300 of {len(CONTENT)} bytes are kept"):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert web.requests[-1][1] == "bytes=300-"


def test_a_server_that_ignores_ranges_is_read_from_the_start(lab, web, hub):
    web.ranges, web.cut[hub] = False, [100_000]
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert read(lab) == CONTENT


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_where_a_transfer_is_kept_is_left_alone_and_hangs_nobody(lab, web, hub, make):
    store = lab.store()
    store.blobs.staging.mkdir(parents=True)
    make(store.blobs.partial(store.manifest.model("tiny").files[0].sha256))
    with pytest.raises(AntiphonError, match="is no regular file; remove it"):
        lab.puller(hub=web.url).pull(store, "tiny")
    assert web.requests == []


def test_held_bytes_of_another_file_do_not_spoil_the_next_transfer(lab, web, hub):
    store = lab.store()
    part = store.blobs.partial(store.manifest.model("tiny").files[0].sha256)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    lab.puller(hub=web.url).pull(store, "tiny")
    assert read(lab) == CONTENT
    assert [span for _, span, _ in web.requests] == ["bytes=1000-", None]


def test_a_passing_server_error_is_tried_again_and_a_missing_file_is_not(lab, web, hub):
    web.statuses[hub] = [503]
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert len(web.requests) == 2
    lab.store().blobs.path(lab.store().manifest.model("tiny").files[0].sha256).unlink()
    web.requests.clear()
    del web.files[hub]
    with pytest.raises(AntiphonError, match="answered 404"):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("served", "complaint"),
    [
        (b"x" * len(CONTENT), "SHA-256"),
        (CONTENT + b"x", f"has {len(CONTENT) + 1} bytes; the file has {len(CONTENT)}"),
        (CONTENT[:-1], f"has {len(CONTENT) - 1} bytes"),
    ],
)
def test_other_bytes_than_the_pinned_ones_never_get_in(lab, web, hub, served, complaint):
    web.files[hub] = served
    with pytest.raises(AntiphonError, match=complaint) as caught:
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert caught.value.reason == "MODEL_FETCH_FAILED"
    assert not lab.store().installed("tiny")
    assert list(lab.store().blobs.staging.iterdir()) == [], "wrong bytes are not kept"


def test_sources_are_tried_in_order_and_every_failure_is_told(lab, web, hub_row, hub_path):
    web.files["/right"] = CONTENT
    sources = [hub_row("absent"), f'{{ kind = "https", url = "{web.url}/right" }}']
    lab.manifest(lab.file("weights.bin", CONTENT, *sources))
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert [path for path, _, _ in web.requests] == [hub_path("absent"), "/right"]
    assert any("404" in event.message for event in lab.events if isinstance(event, Note))

    lab.store().blobs.path(lab.store().manifest.model("tiny").files[0].sha256).unlink()
    web.files.clear()
    with pytest.raises(AntiphonError, match=r"hub someone/model@01234567: .*404.*; https .*/right: .*404"):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")


def test_the_settings_choose_and_order_the_kinds(lab, web, hub_row, hub_path):
    web.files |= {"/right": CONTENT, hub_path("weights.bin"): CONTENT}
    sources = [hub_row("weights.bin"), f'{{ kind = "https", url = "{web.url}/right" }}']
    lab.manifest(lab.file("weights.bin", CONTENT, *sources))
    lab.puller(hub=web.url, model_sources=("https", "hub")).pull(lab.store(), "tiny")
    assert [path for path, _, _ in web.requests] == ["/right"]
    lab.store().blobs.path(lab.store().manifest.model("tiny").files[0].sha256).unlink()
    with pytest.raises(AntiphonError, match="no source of a kind that ANTIPHON_MODEL_SOURCES allows"):
        lab.puller(hub=web.url, model_sources=("wheel",)).pull(lab.store(), "tiny")
    with pytest.raises(ValueError, match="MODEL_SOURCES names torrent"):
        lab.puller(model_sources=("torrent",))


@pytest.mark.parametrize("url", ["http://example.com/w", "ftp://127.0.0.1/w", "file:///etc/passwd"])
def test_addresses_that_are_not_https_are_refused(lab, url):
    lab.manifest(lab.file("weights.bin", CONTENT, f'{{ kind = "https", url = "{url}" }}'))
    with pytest.raises(AntiphonError, match="is refused; give an https address"):
        lab.puller().pull(lab.store(), "tiny")


def test_a_redirect_to_plain_http_is_refused(lab, web, hub):
    web.redirects[hub] = "http://example.com/w"
    with pytest.raises(AntiphonError, match=r"http://example\.com/w is refused"):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")


def test_a_mirror_is_searched_by_digest_before_anything_is_asked(lab, web, hub, tmp_path):
    mirror = tmp_path / "mirror" / "deep"
    mirror.mkdir(parents=True)
    (mirror / "any-name").write_bytes(CONTENT)
    (mirror / "weights.bin").write_bytes(b"x" * len(CONTENT))  # the right name and size, the wrong bytes
    lab.puller(hub=web.url, model_mirror=tmp_path / "mirror").pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert web.requests == []


def test_an_empty_mirror_falls_back_to_the_other_sources(lab, web, hub, tmp_path):
    (tmp_path / "mirror").mkdir()
    lab.puller(hub=web.url, model_mirror=tmp_path / "mirror").pull(lab.store(), "tiny")
    assert read(lab) == CONTENT


def wheel_row(*members):
    return f'{{ kind = "wheel", members = [{", ".join(members)}] }}'


def test_members_of_several_wheels_make_one_file_and_a_shared_wheel_is_fetched_once(lab):
    half, note = len(CONTENT) // 2, b"note"
    wheels = lab.wheel("part-one", {"one/half": CONTENT[:half], "one/note": note})
    wheels += lab.wheel("part-two", {"two/half": CONTENT[half:]})
    both = wheel_row('{ wheel = "part-one", path = "one/half" }', '{ wheel = "part-two", path = "two/half" }')
    single = '{ kind = "wheel", wheel = "part-one", path = "one/note" }'
    lab.manifest(lab.file("weights.bin", CONTENT, both), lab.file("note", note, single), wheels=wheels)
    lab.puller().pull(lab.store(), "tiny")
    assert read(lab) == CONTENT
    assert read(lab, "note") == note
    finished = [event.file for event in lab.events if isinstance(event, Progress) and event.done == event.total]
    assert sorted(set(finished)) == ["part-one 1.0", "part-two 1.0"]
    assert list(lab.store().blobs.staging.iterdir()) == []


def test_a_wheel_that_the_index_lacks_is_reported_in_pips_words(lab):
    table = '[wheels.nowhere]\nversion = "1.0"\nsize = 1\nsha256 = "' + "0" * 64 + '"\n'
    row = '{ kind = "wheel", wheel = "nowhere", path = "a" }'
    lab.manifest(lab.file("weights.bin", CONTENT, row), wheels=table)
    with pytest.raises(AntiphonError, match=r"wheel nowhere 1\.0: pip could not download it: ERROR: .*nowhere"):
        lab.puller().pull(lab.store(), "tiny")


def test_an_interpreter_without_pip_says_so(lab, tmp_path):
    table = lab.wheel("weights", {"w": CONTENT})
    lab.manifest(lab.file("weights.bin", CONTENT, '{ kind = "wheel", wheel = "weights", path = "w" }'), wheels=table)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True, timeout=60)
    interpreter = tmp_path / "bare" / "bin" / "python"
    command = [str(interpreter), "-m", "chassis.models", "--project", str(lab.project), "pull", "tiny"]
    done = subprocess.run(command, env=lab.environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"{interpreter} has no pip; add it with: {interpreter} -m ensurepip" in done.stderr


def test_a_wheel_that_is_not_the_pinned_one_is_refused(lab, digest_of):
    table = lab.wheel("weights", {"w": CONTENT})
    lab.manifest(lab.file("weights.bin", CONTENT, '{ kind = "wheel", wheel = "weights", path = "w" }'), wheels=table)
    lab.wheel("weights", {"w": CONTENT, "extra": b"slipped in later"})
    with pytest.raises(AntiphonError, match=r"weights-1\.0-py3-none-any\.whl has \d+ bytes and SHA-256"):
        lab.puller().pull(lab.store(), "tiny")


@pytest.mark.parametrize(
    ("path", "complaint"), [("absent", "no readable member absent"), ("long", "makes the file longer")]
)
def test_a_wrong_member_is_refused(lab, path, complaint):
    table = lab.wheel("weights", {"long": CONTENT + b"x"})
    row = f'{{ kind = "wheel", wheel = "weights", path = "{path}" }}'
    lab.manifest(lab.file("weights.bin", CONTENT, row), wheels=table)
    with pytest.raises(AntiphonError, match=complaint):
        lab.puller().pull(lab.store(), "tiny")


CONVERSION = """
import pathlib, sys
verb, out, *inputs = sys.argv[1:]
assert verb == "double", verb
pathlib.Path(out).write_bytes(b"".join(pathlib.Path(one).read_bytes() for one in inputs) * 2)
"""


def converted(lab, digest_of, hub_row, output, program=CONVERSION, needs="[]"):
    rows = "\n".join(
        f'[[models.files.inputs]]\nname = "{n}"\nsize = 3\nsha256 = "{digest_of(c)}"\nsources = [{hub_row(n)}]'
        for n, c in (("a", b"aaa"), ("b", b"bbb"))
    )
    head = f'convert = "services.speech.conversion:double"\nconvert_needs = {needs}\n'
    lab.manifest(lab.file("weights.bin", output, rows=head + rows))
    (lab.project / "services" / "speech" / "conversion.py").write_text(program)


def test_a_converted_file_is_made_from_checked_inputs_which_are_not_kept(lab, web, hub_row, hub_path, digest_of):
    web.files |= {hub_path("a"): b"aaa", hub_path("b"): b"bbb"}
    converted(lab, digest_of, hub_row, b"aaabbbaaabbb")
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert read(lab) == b"aaabbbaaabbb"
    assert len(list(lab.store().blobs.folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("served", "output", "program", "complaint"),
    [
        (b"xxx", b"aaabbbaaabbb", CONVERSION, "could not get a of the model"),
        (b"aaa", b"aaabbbaaabbX", CONVERSION, "conversion: gave 12 bytes with SHA-256"),
        (b"aaa", b"aaabbbaaabbb", "raise SystemExit('no good')", "ended with 1: no good"),
    ],
)
def test_a_conversion_that_goes_wrong_installs_nothing(
    lab, web, hub_row, hub_path, digest_of, served, output, program, complaint
):
    web.files |= {hub_path("a"): served, hub_path("b"): b"bbb"}
    converted(lab, digest_of, hub_row, output, program)
    with pytest.raises(AntiphonError, match=complaint):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert not lab.store().installed("tiny")


@pytest.mark.parametrize("environment", ["speech", "speech-another-engine"])
def test_a_conversion_runs_in_the_services_environment_if_this_one_lacks_a_library(
    lab, web, hub_row, hub_path, digest_of, environment
):
    web.files |= {hub_path("a"): b"aaa", hub_path("b"): b"bbb"}
    converted(lab, digest_of, hub_row, b"aaabbbaaabbb", needs='["library_that_nobody_has"]')
    with pytest.raises(AntiphonError, match="needs library_that_nobody_has"):
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    interpreter = lab.project / ".venvs" / environment / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(sys.executable)
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert read(lab) == b"aaabbbaaabbb"


def test_two_processes_that_pull_at_once_fetch_once(lab, web, hub):
    command = [sys.executable, "-m", "chassis.models", "--json", "--project", str(lab.project), "pull", "tiny"]
    environment = lab.environment(HF_ENDPOINT=web.url)
    web.gate.clear()
    first = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    second = None
    try:
        assert web.arrived.wait(60), "the first process asked for nothing"
        second = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert "waiting for another process" in second.stdout.readline()
        web.gate.set()
        assert "installed" in first.communicate(timeout=60)[0]
        assert '"fetched": false' in second.communicate(timeout=60)[0]
    finally:
        for process in (first, second):
            if process is not None and process.poll() is None:
                process.kill()
                process.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(web.requests) == 1
    assert read(lab) == CONTENT


def test_what_a_killed_process_left_behind_is_cleared(lab, web, hub):
    left = lab.root / "staging" / "work-dead"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert not left.exists()


def test_a_full_disk_is_told_before_anything_is_fetched(lab, web, hub_row, caplog):
    row = lab.file("weights.bin", b"x", hub_row("weights.bin")).replace("size = 1", f"size = {1 << 60}")
    lab.manifest(row)
    with pytest.raises(AntiphonError) as caught:
        lab.puller(hub=web.url).pull(lab.store(), "tiny")
    assert caught.value.reason == "MODEL_STORE_FULL"
    assert str(lab.root) not in f"{caught.value.message} {caught.value.metadata}"
    assert str(lab.root) in caplog.text
    assert web.requests == []


def test_a_store_that_cannot_be_written_is_told_and_where_it_is_only_in_the_log(lab, hub_row, caplog):
    lab.manifest(lab.file("weights.bin", b"x", hub_row("weights.bin")))
    lab.root.write_text("a file where the folder should be")
    with pytest.raises(AntiphonError) as caught:
        lab.puller().pull(lab.store(), "tiny")
    assert caught.value.reason == "MODEL_STORE_UNWRITABLE"
    assert str(lab.root) not in f"{caught.value.message} {caught.value.metadata}"
    assert str(lab.root) in caplog.text
