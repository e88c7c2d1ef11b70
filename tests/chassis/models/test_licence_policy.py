"""Under the commercial policy no family gives out weights whose licence forbids commercial use."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.models import Manifest, Store

PROJECT = Path(__file__).parents[3]
FAMILIES = sorted(path.parent.name for path in PROJECT.glob("services/*/models.toml"))

ROW = """
[[models]]
name = "not-for-sale"
engine = "any"
default = false
starter = false
revision = "1"
license_spdx = "CC-BY-NC-4.0"
commercial_use = false
[[models.files]]
name = "weights"
size = 1
sha256 = "{sha256}"
sources = [{{ kind = "https", url = "https://example.invalid/weights" }}]
"""

every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
def test_the_commercial_policy_refuses_every_model_that_is_not_for_it(family: str, tmp_path: Path) -> None:
    extra = tmp_path / "extra.toml"
    extra.write_text(ROW.format(sha256="0" * 64))
    manifest = Manifest.load(PROJECT / "services" / family / "models.toml", extra)
    strict = Store(tmp_path, manifest, "commercial")
    for model in manifest.models:
        if model.commercial_use and not model.files and not model.sets:
            assert strict.require(model.name).files == {}  # rules alone: there is nothing to install
        else:
            with pytest.raises(AntiphonError) as caught:
                strict.require(model.name)
            # Nothing is installed here, so what the policy allows is refused for that, and later.
            expected = "MODEL_NOT_INSTALLED" if model.commercial_use else "LICENCE_REFUSED"
            assert (model.name, caught.value.code, caught.value.reason) == (model.name, "FAILED_PRECONDITION", expected)
        assert strict.allowed(model.name) is model.commercial_use


@every_family
def test_weights_are_reached_through_the_store_that_keeps_the_policy_alone(family: str) -> None:
    for path in (PROJECT / "services" / family).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        around = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in ("blobs", "lay_out")
        ]
        assert around == [], f"{path.relative_to(PROJECT)} goes around Store.require on these lines"
