"""Starts a wire: `./dev new-wire NAME` writes its cast, its first tests, and a quality list with everything to do.

The wire works at once, with a protocol that stands in for the real one; nothing composes it until somebody does. All is made in memory
first, and what has been written is taken away again where a write fails: a wire is there whole or not at all.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path

from scaffold.grades import ROOT, rules

TEMPLATES = Path(__file__).parent / "wire"
GUIDE = "docs/guides/new-wire.md"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,29}", re.ASCII)


class Refused(Exception):
    """No wire can be started so; the text says why, and what to do."""


def checked(name: str, root: Path) -> str:
    """The name of a wire that there is not yet. Raises `Refused`."""
    if not _NAME.fullmatch(name) or iskeyword(name):
        hint = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        better = f": {hint}?" if hint != name and _NAME.fullmatch(hint) and not iskeyword(hint) else ""
        raise Refused(f"a wire is named as a Python package is, 2 to 30 of a-z, 0-9 and _, a letter first, not {name!r}{better}")
    folder = root / "adapters" / name
    taken = [folder, *sorted((root / "tests" / "adapters").glob(f"test_{name}_*.py"))]
    for path in taken:
        if path.exists():
            raise Refused(f"{path.relative_to(root)} is there already: choose another name, or go on with that wire")
    return name


def written(name: str, root: Path) -> Mapping[Path, str]:
    """The files of a new wire by their places below `root`, in order. Raises `Refused` where ruff is missing."""
    pascal = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    files = {}
    for template in sorted(TEMPLATES.rglob("*.py")):
        place = Path(str(template.relative_to(TEMPLATES)).replace("new_wire", name))
        text = template.read_text(encoding="utf-8").replace("new_wire", name).replace("NewWire", pascal)
        files[root / place] = _formatted(text, place)
    head = f"# How the {pascal} wire stands by the rules of ../quality.toml: `done` names the test that shows it, `exempt` says why not."
    todo = [f'[{rule.name}] # {rule.grade}\ntodo = "{rule.means}"\n' for rule in rules(root)]
    files[root / "adapters" / name / "quality.toml"] = "\n".join([head, "", *todo])
    return files


def _formatted(text: str, place: Path) -> str:
    """Imports sorted and lines laid out as the house has them, which depends on how long the name is."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    for act in (["check", "--select", "I", "--fix"], ["format"]):
        command = [ruff, *act, "--quiet", "--stdin-filename", str(place), "-"]
        try:
            answer = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, check=True)  # noqa: S603 - our own tool
        except FileNotFoundError:
            raise Refused(f"{ruff} is missing: ./dev lint installs it") from None
        text = answer.stdout
    return text


def create(name: str, root: Path = ROOT) -> Mapping[Path, str]:
    """Write a new wire; returns its files. Raises `Refused`, and `OSError` when they cannot be written: then none of them is there."""
    files = written(checked(name, root), root)
    folder, made = root / "adapters" / name, list[Path]()
    folder.mkdir()
    try:
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                made.append(path)
                file.write(text)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return files


def main() -> None:
    """`python -m scaffold.new_wire NAME`."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: ./dev new-wire NAME, such as snmp, bacnet or redfish")
    try:
        files = create(sys.argv[1])
    except (Refused, OSError) as error:
        sys.exit(f"new-wire: {error}")
    lines = [str(path.relative_to(ROOT)) for path in files]
    lines += ["", f"It works, with a protocol that stands in for yours: grep -rn Stand-in adapters/{sys.argv[1]}"]
    lines += [f"`./dev docs` puts it into the reference. What to do then: {GUIDE}", ""]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
