"""The documents are assertions: the README's commands run, and every link leads somewhere."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DEMO = "./dev demo"
THIS_VERY_RUN = "./dev test"
READY_S_MAX = 240
"""The first start on a machine compiles the failure engine, where nothing has compiled it yet."""


def commands() -> list[str]:
    """The commands of the README's console blocks, in order."""
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Newcomer:
    """A folder as a newcomer has it, with a port of its own instead of 8080."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.env = {**os.environ, "RIDETHROUGH_DATA": str(folder / "data"), "RIDETHROUGH_PORT": str(self.port), "NO_COLOR": "1"}
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "dev").write_text(f'#!/bin/sh\nexec "{ROOT}/dev" "$@"\n')
        (folder / "dev").chmod(0o755)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type the command into a shell, as it stands in the README."""
        here = command.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        return subprocess.run(here, shell=True, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=180, check=False)  # noqa: S602 - a shell is what the reader has

    def start_demo(self) -> subprocess.Popen[str]:
        """Start the demo and wait until it is ready."""
        with (self.folder / "demo.log").open("w") as log:
            demo = subprocess.Popen(DEMO.split(), cwd=self.folder, env=self.env, stdout=log, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + READY_S_MAX
        while time.monotonic() < deadline and demo.poll() is None:
            if self.run("curl -sf http://127.0.0.1:8080/readyz").returncode == 0:
                return demo
            time.sleep(0.3)
        demo.kill()
        raise AssertionError(f"the demo was not ready in {READY_S_MAX} s:\n{(self.folder / 'demo.log').read_text()}")


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """A newcomer with the demo running in the first terminal."""
    one = Newcomer(tmp_path_factory.mktemp("newcomer"))
    demo = one.start_demo()
    yield one
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=20) == 0, (one.folder / "demo.log").read_text()


def test_the_readme_names_its_two_commands_first() -> None:
    """The first two commands are the demo and the tests."""
    assert commands()[:2] == [DEMO, THIS_VERY_RUN]


def test_every_other_command_of_the_readme_does_what_it_says(newcomer: Newcomer) -> None:
    """Each command of the README ends well, in order, beside a running demo (`./dev test` is this very run)."""
    for command in commands():
        if command in {DEMO, THIS_VERY_RUN}:
            continue

        answer = newcomer.run(command)

        assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
        assert "errors" not in answer.stdout or "impact" not in command, answer.stdout


@pytest.mark.parametrize("page", sorted(p.relative_to(ROOT).as_posix() for p in [README, *(ROOT / "docs").rglob("*.md")]))
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    """A relative link names a file that is there."""
    text = (ROOT / page).read_text()

    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", target)]
    missing = [target for target in targets if not ((ROOT / page).parent / target).exists()]
    assert missing == []


def test_the_documents_name_no_machine_and_no_registry() -> None:
    """No committed text file carries a path of somebody's machine or the address of a package registry."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [
        name
        for name in listed
        if Path(name).suffix in {".md", ".py", ".ts", ".tsx", ".toml", ".yaml", ".xml", ".json", ".lock", ".ttl", ""}
    ]

    told = re.compile(r"(^|[^\w.])/(work|root|home)/[a-z]|https?://[^\s\"]*(/simple/|/maven2|registry\.)")
    guilty = [name for name in texts if (ROOT / name).is_file() and told.search((ROOT / name).read_text(errors="replace"))]
    assert [name for name in guilty if name != "tests/test_docs.py"] == []
