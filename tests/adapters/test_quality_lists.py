"""Each wire says what it is measured by: a rule is shown by a test that exists, or exempt for a reason."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = sorted((ROOT / "adapters").glob("*/quality.toml"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parent.name)
def test_every_rule_is_shown_by_a_test_that_says_so_or_exempt_for_a_reason(path: Path) -> None:
    """What a list calls done is what tests are marked with (`quality(wire, rule)`), both ways; an exemption says why."""
    rules = tomllib.loads(path.read_text(encoding="utf-8"))

    done = {(rule, standing["done"]) for rule, standing in rules.items() if "done" in standing}
    exempt = {rule: standing["exempt"] for rule, standing in rules.items() if "exempt" in standing}

    assert done == {(rule, test) for wire, rule, test in marked() if wire == path.parent.name}
    assert all(len(reason) > 20 for reason in exempt.values())
    assert all(list(standing) in (["done"], ["exempt"]) for standing in rules.values())


def marked() -> list[tuple[str, str, str]]:
    """Every mark `quality(wire, rule)` of a test, with the test it is on as `file::function`."""
    return [
        (*(str(ast.literal_eval(each)) for each in mark.args), f"{path.relative_to(ROOT).as_posix()}::{node.name}")  # type: ignore[misc]  # two texts
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.quality"
    ]


@pytest.mark.parametrize("wire", ["mqtt", "modbus"])
def test_each_wire_has_the_same_cast(wire: str) -> None:
    """Config, bindings, codec, client, simulator and the list of its quality."""
    names = {path.name for path in (ROOT / "adapters" / wire).iterdir()}

    assert {"config.py", "bindings.py", "codec.py", "client.py", "simulator.py", "quality.toml"} <= names
