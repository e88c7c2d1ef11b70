"""Logs that are put aside while somebody holds them open."""

from __future__ import annotations

from pathlib import Path

from antiphon_cli.stack.logs import KEPT, open_log, rotate


def test_a_log_that_is_small_or_not_there_stays(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert not rotate(log, 10)
    log.write_bytes(b"x" * 10)
    assert not rotate(log, 10)
    assert log.read_bytes() == b"x" * 10


def test_who_appends_goes_on_at_the_beginning_and_the_newest_bytes_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with open_log(log) as writer:
        for number in range(KEPT + 2):
            writer.write(b"%d" % number * 30)
            writer.flush()
            assert rotate(log, 20)
            assert log.stat().st_size == 0
        writer.write(b"last")
        writer.flush()
    assert log.read_bytes() == b"last"
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != log}
    assert kept == {"a.log.1": b"4" * 20, "a.log.2": b"3" * 20, "a.log.3": b"2" * 20}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
