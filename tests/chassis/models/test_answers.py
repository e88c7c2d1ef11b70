"""What a server means by an answer that is no file."""

import pytest

from chassis.models.answers import hint, wait_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "53"}, 53.0),
        ({"Retry-After": "Tue, 01 Dec 2026 00:01:00 GMT"}, 60.0),
        ({"Retry-After": "Mon, 30 Nov 2026 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, 0.0),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({}, 0.0),
    ],
)
def test_a_server_says_when_to_come_back(headers, seconds):
    # 1 December 2026, midnight UTC.
    assert wait_seconds(headers, now=1_796_083_200.0) == seconds


def test_a_listing_and_a_file_of_a_gated_repository_name_the_same_page():
    for path in ("api/models/google/gemma/revision/main?blobs=true", "google/gemma/resolve/main/config.json"):
        told = hint(f"https://hub.example/{path}", 401, {"X-Error-Code": "GatedRepo"}, token=False)
        assert "https://hub.example/google/gemma with" in told


@pytest.mark.parametrize(("token", "told"), [(True, "HF_TOKEN is not accepted"), (False, "may need an access token")])
def test_a_refusal_without_a_word_of_why_is_about_the_token(token, told):
    assert told in hint("https://hub.example/a/b/resolve/main/c", 403, {}, token)
