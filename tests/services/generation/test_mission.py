"""The mission's models of this family are pulled by their names, from a hub on loopback with tiny ones, and answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.mission import answer_by_name, named


@pytest.mark.parametrize("name", named("generation"))
def test_the_missions_models_are_pulled_by_name_and_one_of_them_answers(name: str, tmp_path: Path) -> None:
    answer_by_name("generation", name, tmp_path)
