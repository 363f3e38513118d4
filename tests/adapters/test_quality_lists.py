"""Each wire says how it stands by the house's rules: each is shown by a test that exists, exempt for a reason, or told as not done."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scaffold.grades import GRADES, Rule, grade_of, rules, wires

ROOT = Path(__file__).parents[2]
WIRES = wires()


@pytest.mark.parametrize("wire", WIRES)
def test_every_rule_is_shown_by_a_test_that_says_so_or_exempt_for_a_reason(wire: str) -> None:
    """What a list calls done is what tests are marked with (`quality(wire, rule)`), both ways; all else says why."""
    stands = WIRES[wire]

    done = {(rule, standing["done"]) for rule, standing in stands.items() if "done" in standing}

    assert done == {(rule, test) for name, rule, test in marked() if name == wire}
    assert all(list(standing) in (["done"], ["exempt"], ["todo"]) for standing in stands.values())
    assert all(len(text) > 20 for standing in stands.values() for text in standing.values())


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_says_how_it_stands_by_each_rule_of_the_house(wire: str) -> None:
    """None is left out; a wire may have more of its own."""
    assert [rule.name for rule in rules() if rule.name not in WIRES[wire]] == []


def test_a_grade_asks_for_all_rules_up_to_it() -> None:
    """One thing to do in a grade keeps a wire below it, whatever stands above; an exemption counts; silence is not done."""
    by = [Rule(f"{grade}-rule", grade, "something") for grade in GRADES]
    done = {rule.name: {"done": "a test"} for rule in by}

    assert grade_of(done, by) == "platinum"
    assert grade_of({**done, "platinum-rule": {"exempt": "a reason"}, "a rule of its own": {"todo": "much"}}, by) == "platinum"
    assert grade_of({**done, "gold-rule": {"todo": "something"}}, by) == "silver"
    assert grade_of({rule: standing for rule, standing in done.items() if rule != "silver-rule"}, by) == "bronze"
    assert grade_of({}, by) == ""
    with pytest.raises(ValueError, match="one of bronze, silver, gold, platinum, not 'tin'"):
        Rule("shine", "tin", "something")


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


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire != "http"])
def test_each_wire_has_the_same_cast(wire: str) -> None:
    """Config, bindings, codec, client, simulator and the list of its quality. HTTP alone has others: it listens, and binds nothing."""
    names = {path.name for path in (ROOT / "adapters" / wire).iterdir()}

    assert {"config.py", "bindings.py", "codec.py", "client.py", "simulator.py", "quality.toml"} <= names
