"""A real demo site, served as users serve it, and a real Chromium that draws with software."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.mosquitto import free_port
from tests.support.tools import need

RACKS = 40
SETPOINT = "demo:CRAH-H1-01.Supply-Setpoint"
READY_WITHIN_S = 240.0
QUIET = ["--headless", "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]

expect.set_options(timeout=30_000)  # a machine that is busy with other tests takes seconds for a validation


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo of 40 racks that is up."""

    url: str
    data: Path

    def open_switch(self, switch: str) -> None:
        """Really open a switch in the plant of the demo, as a person at the site does."""
        program = Path(sys.executable).with_name("ridethrough")
        subprocess.run([str(program), "simulate", "open", switch, "--data", str(self.data)], check=True, capture_output=True)

    def ask(self, query: str) -> dict[str, Any]:
        """What the service itself answers, without the explorer."""
        request = urllib.request.Request(  # noqa: S310 - loopback only
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - loopback only
            answer = json.load(response)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`ridethrough demo` with 40 racks as it comes, until the tests end."""
    with running(tmp_path_factory.mktemp("demo")) as one:
        yield one


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that tests change: each speaks as sources and on branches of its own."""
    with running(tmp_path_factory.mktemp("site"), RIDETHROUGH_POLICIES="strict=quarantine") as one:
        yield one


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Demo]:
    """The same site for one test alone, which may open its switches."""
    with running(tmp_path) as one:
        yield one


@pytest.fixture
def controlled(tmp_path: Path) -> Iterator[Demo]:
    """The same site with control on for one set-point, `SETPOINT`."""
    with running(tmp_path, RIDETHROUGH_CONTROL="true", RIDETHROUGH_CONTROL_POINTS=SETPOINT) as one:
        yield one


@contextmanager
def running(folder: Path, command: str = "demo", **settings: str) -> Iterator[Demo]:
    """A demo of its own data folder and port, ended by its own pid; `serve` has a twin that is still empty."""
    port = free_port()
    program = Path(sys.executable).with_name("ridethrough")
    size = ["--racks", str(RACKS)] if command == "demo" else []
    line = [str(program), command, *size, "--data", str(folder / "data"), "--port", str(port)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RIDETHROUGH_")} | settings
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(line, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        _until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
        yield Demo(f"http://127.0.0.1:{port}", folder / "data")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - loopback only
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the demo was not ready within {READY_WITHIN_S:.0f} s:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="module")  # not the session: while it lives, Playwright's event loop runs in the thread of all tests
def chromiums() -> Iterator[dict[str, Browser]]:
    """One Chromium that draws with software WebGL, and one that has no WebGL at all."""
    program = need("chromium")
    with sync_playwright() as playwright:
        drawing = playwright.chromium.launch(executable_path=program, args=[*QUIET, *SOFTWARE_WEBGL])
        plain = playwright.chromium.launch(executable_path=program, args=[*QUIET, "--disable-3d-apis"])
        yield {"webgl": drawing, "no webgl": plain}
        plain.close()
        drawing.close()


@dataclass(slots=True)
class Desk:
    """A page that notes what no page may do: speak to another host, or complain on the console."""

    page: Page
    demo: Demo
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """Go to an address of the explorer."""
        self.page.goto(self.demo.url + address)
        return self.page

    def counts(self) -> dict[str, int]:
        """The racks by outcome as the counts bar shows them."""
        bar = self.page.get_by_role("group", name="Racks by outcome")
        shown = {name: bar.locator(f"[data-field={name}]").inner_text() for name in ("lost", "noRedundancy", "reduced", "unaffected")}
        return {name: int("".join(one for one in text if one.isdigit())) for name, text in shown.items()}


def desk_on(browser: Browser, demo: Demo, width: int = 1440, height: int = 900) -> Desk:
    """A new desk whose notes are still empty."""
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light").new_page()
    desk = Desk(page, demo)
    page.on("request", lambda request: None if request.url.startswith((demo.url, "data:", "blob:")) else desk.foreign.append(request.url))
    page.on("console", lambda message: desk.complaints.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: desk.complaints.append(str(error)))
    return desk


@pytest.fixture
def desk(chromiums: dict[str, Browser], demo: Demo) -> Iterator[Desk]:
    """A desk at 1440 x 900 that in the end has asked no other host and has no complaint."""
    one = desk_on(chromiums["webgl"], demo)
    yield one
    one.page.context.close()
    assert (one.foreign, one.complaints) == ([], [])
