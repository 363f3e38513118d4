"""`./dev new-wire`: what it writes works, keeps to the house's rules, and is there whole or not at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.grades import grade_of, rules, wires
from scaffold.new_wire import Refused, create

ROOT = Path(__file__).parents[2]
NAMES = ("xy", "a_protocol_with_thirty_letters")
"""A short and the longest one: lines are laid out anew for each."""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house as ours, with wires and tests of its own: what is written into it is not in ours."""
    skipped = {".git", ".venv", "data", "node_modules", "adapters", "tests"}
    for path in ROOT.iterdir():
        if path.name not in skipped and not path.name.endswith("_cache"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "adapters").mkdir()
    (tmp_path / "tests" / "adapters").mkdir(parents=True)
    for path in (*(ROOT / "adapters").iterdir(), *(ROOT / "tests").iterdir()):
        if path.name not in {"adapters", "__pycache__"}:
            (tmp_path / path.relative_to(ROOT)).symlink_to(path)
    shutil.copy(ROOT / "tests" / "adapters" / "test_quality_lists.py", tmp_path / "tests" / "adapters")
    for name in ("test_house.py", "conftest.py"):
        (tmp_path / "tests" / name).unlink()
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    return tmp_path


def files(house: Path) -> list[Path]:
    """What there is of wires and their tests."""
    return sorted([*(house / "adapters").iterdir(), *(house / "tests" / "adapters").iterdir()])


def run(house: Path, *command: str) -> None:
    """Run a tool of the environment in a house; it must be content."""
    tool = Path(sys.executable).with_name(command[0])
    answer = subprocess.run([str(tool), *command[1:]], cwd=house, capture_output=True, text=True, timeout=250, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_new_wire_works_and_keeps_to_the_rules_of_the_house(house: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Strict types, ruff, the house's rules and the wire's own tests, as they stand when it has just been written."""
    for name in NAMES:
        create(name, house)

    own = [f"adapters/{name}" for name in NAMES]
    tests = [path.relative_to(house).as_posix() for name in NAMES for path in (house / "tests" / "adapters").glob(f"test_{name}_*.py")]
    assert len(tests) == 4
    run(house, "ruff", "check", *own, *tests)
    run(house, "ruff", "format", "--check", *own, *tests)
    cache = tmp_path_factory.mktemp("types") / "cache"
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", cache)  # spares the types of everything else, where they are known already
    run(house, "mypy", "--cache-dir", str(cache), *own, *tests)
    lists = "tests/adapters/test_quality_lists.py"
    run(
        house,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "not mqtt and not modbus and not http",
        "tests/test_house.py",
        lists,
        *tests[:2],
    )


def test_everything_of_a_new_wire_is_to_do(house: Path) -> None:
    """All rules are named, none is claimed; it has no grade. Nothing composes it."""
    create("snmp", house)

    stands = wires(house)["snmp"]
    assert stands == {rule.name: {"todo": rule.means} for rule in rules()}
    assert grade_of(stands, rules()) == ""
    assert "snmp" not in (ROOT / "twin" / "compose_service.py").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("modbus", "adapters/modbus is there already: choose another name, or go on with that wire"),
        ("rdf", "adapters/rdf is there already"),
        ("house", "tests/adapters/test_house_codec.py is there already"),
        ("SNMP", "not 'SNMP': snmp?"),
        ("bacnet-ip", "not 'bacnet-ip': bacnet_ip?"),
        ("import", "not 'import'"),
        ("3com", "not '3com'"),
        ("../evil", "not '../evil': evil?"),
        ("", "not ''"),
        ("x" * 31, "2 to 30 of a-z"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(house: Path, name: str, reason: str) -> None:
    """With what is wrong, and the nearest name that can be."""
    (house / "tests" / "adapters" / "test_house_codec.py").write_text("")
    before = files(house)

    with pytest.raises(Refused, match=re.escape(reason)):
        create(name, house)

    assert files(house) == before


def test_a_wire_that_cannot_be_written_whole_is_not_there_at_all(house: Path) -> None:
    """The folder of tests is a file: the wire's own folder, which was written before, is taken away."""
    shutil.rmtree(house / "tests" / "adapters")
    (house / "tests" / "adapters").write_text("")
    before = sorted((house / "adapters").iterdir())

    with pytest.raises(NotADirectoryError):
        create("snmp", house)

    assert sorted((house / "adapters").iterdir()) == before


def test_the_guide_names_every_file(house: Path) -> None:
    """As they are written for SNMP."""
    guide = (ROOT / "docs" / "guides" / "new-wire.md").read_text(encoding="utf-8")

    unnamed = [path.name for path in create("snmp", house) if path.name not in guide]

    assert unnamed == ["__init__.py"]
