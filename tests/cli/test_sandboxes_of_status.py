"""What ``antiphon status`` says of the sandbox of workers."""

from __future__ import annotations

from antiphon_cli.status import sandboxes


def test_services_that_are_kept_alike_share_a_line_and_those_that_do_not_say_have_none() -> None:
    workers = {"workers": {"sandbox": "landlock 7 + seccomp"}, "live_workers": {"sandbox": "landlock 7 + seccomp"}}
    off = {"workers": {"sandbox": "none: switched off"}, "live_workers": None}
    starting = {"workers": {"sandbox": ""}, "live_workers": None}
    services = [("speech", workers), ("essentia", off), ("separation", workers), ("generation", starting)]
    assert list(sandboxes.told(services)) == [
        "\nsandbox of workers: landlock 7 + seccomp (speech, separation)",
        "\nsandbox of workers: none: switched off (essentia)",
    ]
