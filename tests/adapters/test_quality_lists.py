"""Each wire says what it is measured by: a rule is shown by a test that exists, or exempt for a reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = sorted((ROOT / "adapters").glob("*/quality.toml"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parent.name)
def test_every_rule_is_shown_by_a_test_or_exempt_for_a_reason(path: Path) -> None:
    """`done` names a file and a function in it; `exempt` says why."""
    for rule, standing in tomllib.loads(path.read_text(encoding="utf-8")).items():
        assert list(standing) in (["done"], ["exempt"]), rule
        if "exempt" in standing:
            assert len(standing["exempt"]) > 20, rule
            continue
        file, _, function = standing["done"].partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), rule


@pytest.mark.parametrize("wire", ["mqtt", "modbus"])
def test_each_wire_has_the_same_cast(wire: str) -> None:
    """Config, bindings, codec, client, simulator and the list of its quality."""
    names = {path.name for path in (ROOT / "adapters" / wire).iterdir()}

    assert {"config.py", "bindings.py", "codec.py", "client.py", "simulator.py", "quality.toml"} <= names
