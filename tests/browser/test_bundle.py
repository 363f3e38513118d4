"""The bundle that is served is the one that the sources build: running needs no Node, changing the sources does."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.tools import need

ROOT = Path(__file__).parents[2]
SERVED = ROOT / "twin" / "static"
FIRST_LOAD_KB = 120
"""Kilobytes of script and style, gzipped, that a first look may cost."""


def files(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the explorer's sources with the packages that its lock names."""
    need("node")
    npm = need("npm")
    copy = tmp_path_factory.mktemp("explorer") / "sources"
    shutil.copytree(ROOT / "explorer", copy, ignore=shutil.ignore_patterns("node_modules"))
    run(copy, npm, "ci", "--no-audit", "--no-fund")
    return copy


def run(folder: Path, *command: str, **environment: str) -> None:
    """Run a command in a folder; fail with what it said."""
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_committed_bundle_is_what_the_sources_build(sources: Path, tmp_path: Path) -> None:
    """Built elsewhere, from a fresh install, the bytes are the same; `./dev ui` brings the bundle up to date."""
    run(sources, need("npm"), "run", "build", RIDETHROUGH_BUNDLE=str(tmp_path / "bundle"))

    built = files(tmp_path / "bundle")

    assert sorted(built) == sorted(files(SERVED))
    assert [name for name, content in built.items() if content != files(SERVED)[name]] == []


def test_the_explorers_types_and_own_tests_hold(sources: Path) -> None:
    """TypeScript is strict, and the pure parts of the explorer's state pass their tests."""
    run(sources, need("npm"), "run", "check")
    run(sources, need("npm"), "test")


def test_a_first_look_costs_little() -> None:
    """All scripts and styles together stay under the budget, and the page names no other host."""
    assets = [content for name, content in files(SERVED).items() if name.endswith((".js", ".css"))]

    cost_kb = sum(len(gzip.compress(content, 9)) for content in assets) / 1000

    assert cost_kb <= FIRST_LOAD_KB
    page = (SERVED / "index.html").read_text(encoding="utf-8")
    assert "://" not in page
    assert "<style" not in page
    assert "style=" not in page
