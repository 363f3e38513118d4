"""The house rules, as tests: which room may know which, and how a room looks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("ontology", "graph", "analytics", "adapters", "resolvers", "twin")
LINES_MAX = 450
"""A file longer than this has a second room in it."""


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), str(path)))


def test_the_floors_of_the_house_hold() -> None:
    """Every import contract of pyproject.toml is kept."""
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_part_of_the_twin_has_its_floor_and_the_flows_do_no_input_or_output() -> None:
    """Each module of `twin/` stands in one layer of the first contract; those below the web and the wires do no I/O and pick no store."""
    modules = {f"twin.{path.stem}" for path in (ROOT / "twin").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {contract["name"]: contract for contract in contracts}
    layers = [re.findall(r"[\w.]+", layer) for layer in named["the house is built in floors"]["layers"]]

    placed = [module for layer in layers for module in layer if module.startswith("twin.")]
    below = layers[layers.index(["resolvers", "adapters"]) + 1 :]
    flows = {module for layer in below for module in layer if module.startswith("twin.")}
    assert sorted(placed) == sorted(modules - {"twin.__init__"})
    assert flows <= set(named["the core does no I/O"]["source_modules"])
    assert flows <= set(named["only the composition root picks a store"]["source_modules"])


@pytest.mark.parametrize("room", [relative(p.parent) for p in sources(*ROOMS) if p.name == "__init__.py"])
def test_a_room_says_in_one_sentence_what_it_knows(room: str) -> None:
    """The `__init__.py` of a room is its one sentence, and nothing else."""
    tree = ast.parse((ROOT / room / "__init__.py").read_text())

    sentence = ast.get_docstring(tree)
    assert sentence is not None
    assert sentence.endswith(".")
    assert len(tree.body) == 1


def test_no_file_hides_a_second_room() -> None:
    """No source file is longer than a reader holds in mind, and none is called after no subject at all."""
    files = [*sources(*ROOMS, "bench", "tests"), *(ROOT / "explorer" / "src").rglob("*.ts*")]

    too_long = {relative(p): n for p in files if (n := len(p.read_text().splitlines())) > LINES_MAX}
    nameless = [relative(p) for p in files if p.stem in {"utils", "util", "helpers", "misc", "common"}]
    assert (too_long, nameless) == ({}, [])


def test_only_the_settings_read_the_environment() -> None:
    """`os.environ` and `os.getenv` stand in twin/settings.py alone."""
    readers = [
        f"{relative(path)}:{node.lineno}"
        for path in sources(*ROOMS)
        if path != ROOT / "twin" / "settings.py"
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]

    assert readers == []


def texts_put_together(path: Path) -> Iterator[tuple[int, str]]:
    """Where a function makes text (f-string, `+`, `%`, `.format`, `.join`), with the constant text in it."""
    functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.JoinedStr):
            parts: list[ast.AST] = [part for part in node.values if len(node.values) > 1]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join", "replace"}:
            parts = [node.func.value]
        else:
            continue
        yield node.lineno, " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_every_random_property_of_the_engine_is_tried_on_as_many_cases_as_are_set() -> None:
    """`./dev random N` means N for each: whoever draws cases at random says so by `tried` or `seeded`, and counts nowhere else."""
    own = {
        path: path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests" / "analytics").rglob("test_*.py"))
        if re.search(r"^(@given|from hypothesis import)|\bredundant\(each\)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(own) > 20
    for path, text in own.items():
        assert "tests.support.random_cases import" in text, f"{path} draws at random and does not say how often"
        assert not re.search(r"max_examples|@settings|RIDETHROUGH_TEST_EXAMPLES|range\(0, SITES", text), f"{path} counts cases by itself"
        drawn = len(re.findall(r"^@given", text, re.MULTILINE))
        put = len(re.findall(r"^@(tried\(\d+\)|EXAMPLES|SEEDS)$", text, re.MULTILINE))
        assert drawn == put, f"{path}: {drawn} tests are given cases, {put} say how many"


def test_cypher_is_constant_text() -> None:
    """No Cypher statement is put together from pieces at run time: what varies is a parameter."""
    verb = re.compile(r"\b(MATCH|MERGE|CREATE|UNWIND|DETACH)\b")
    built = [
        f"{relative(path)}:{line}"
        for path in sources("graph", "adapters", "resolvers", "twin")
        if "sqlite" not in path.name and path.name != "journal.py"
        for line, text in texts_put_together(path)
        if verb.search(text)
    ]

    assert built == []


def test_every_public_function_and_class_says_what_it_does() -> None:
    """Each public name of a room has a docstring."""
    silent = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in sources(*ROOMS)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]

    assert silent == []


def test_no_lock_names_an_address() -> None:
    """The lock files carry hashes and nothing of where packages come from."""
    locks = [*ROOT.glob("requirements*.lock"), ROOT / "explorer" / "package-lock.json"]

    address = re.compile(r'--(extra-)?index-url|--find-links|"resolved"\s*:|@ https?://')
    told = [path.name for path in locks if address.search(path.read_text())]
    assert told == []
    assert all("--hash=sha256:" in path.read_text() for path in locks if path.suffix == ".lock")
