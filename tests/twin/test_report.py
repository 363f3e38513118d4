"""The one-page report: what it says, that nothing in it steers the page, and that it prints on one sheet."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from typer.testing import CliRunner

from analytics.places import rooms_of
from analytics.procedures.check import check
from analytics.procedures.steps import procedure_of
from analytics.report.report import Report, report
from analytics.scenario import Case
from analytics.supply import compile_supply
from analytics.time.reserves import reserves
from tests.analytics.sites import NOW, SITE, TWO_SIDES, snapshot_of, vocabulary
from tests.support.tools import need
from twin.cli.app import app
from twin.report.page import Asked, page
from twin.report.style import POLICY
from twin.report.words import text

EVIL = """</title><script>alert("x")</script>&<img src=x onerror='alert(1)'>\\u001B"""
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "report.md"


def made(turtle: str, *failed: str, steps: list[dict[str, str]] | None = None) -> Report:
    """The report where the named things fail."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    case = Case.of_failed(graph, [SITE + name for name in failed], NOW)
    checked = None if steps is None else check(procedure_of({"name": EVIL, "steps": steps}), graph, NOW)
    rooms = rooms_of(snapshot, vocabulary(), graph)
    return report(snapshot, vocabulary(), case, reserves(snapshot, vocabulary(), graph), rooms, checked=checked)


def test_two_sides_by_hand() -> None:
    """UPS A of two fails: the single-corded rack goes dark at once, the dual-corded one hangs by all of side B."""
    found = made(TWO_SIDES, "UPS-A")

    assert found.headline.text == "1 rack goes dark at once."
    assert found.headline.then[0] == "1 rack stays up and hangs by a single thing until this is over."
    assert [(point.ids, point.racks) for point in found.untouchable.points] == [((SITE + "Utility-B", SITE + "UPS-B"), 1)]
    assert (found.untouchable.tried, found.untouchable.candidates) == (3, 3)


def test_a_single_point_before_is_none_of_what_must_not_be_touched_now() -> None:
    """What took the racks down alone before is no news: with one utility for both sides only UPS B is new."""
    found = made(
        TWO_SIDES.replace(":Utility-B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B .", ":Utility-A dcx:feedsPower :UPS-B ."), "UPS-A"
    )

    assert [point.ids for point in found.untouchable.points] == [(SITE + "UPS-B",)]


def test_the_sentence_says_unless_where_a_standby_source_is_called() -> None:
    """A UPS that carries 600 s and a generator: dark after 10 min unless the generator starts."""
    found = made(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :ATS . :Engine a dcx:Generator ; dcx:feedsPower :ATS .
        :ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :UPS .
        :UPS a dcx:UPS ; dcx:ridethroughSeconds [ brick:value 600 ; brick:hasUnit unit:SEC ] ; dcx:feedsPower :Rack .
        :Rack a brick:ICT_Rack .
        """,
        "Utility",
    )

    assert re.fullmatch(r"1 rack goes dark after .*10 min.* unless Engine starts\.", found.headline.text), found.headline.text


def test_nothing_is_a_sentence_too() -> None:
    """A rack that feeds nothing fails: nothing else goes dark."""
    found = made(TWO_SIDES, "Dual")

    assert found.headline.text == "Nothing else goes dark, and nothing loses its redundancy."


class Tags(HTMLParser):
    """Collects elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_no_name_of_the_model_steers_the_page() -> None:
    """A label, a site, a procedure and an author that are markup are shown as text; there is no script, no handler, no address."""
    evil = TWO_SIDES + "".join(f" :{name} rdfs:label {literal(EVIL)} ." for name in ("UPS-A", "UPS-B", "Single", "Dual", "Utility-B"))
    evil += f" :Here a <https://w3id.org/rec#Site> ; rdfs:label {literal(EVIL)} ."

    html = page(made(evil, "UPS-A", steps=[{"note": EVIL}, {"isolate": SITE + "UPS-B"}]), Asked(EVIL, EVIL))

    tags = Tags()
    tags.feed(html)
    assert not tags.seen & {"script", "img", "iframe", "object", "link", "a", "form", "base"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("style", "href", "src")}
    assert "\x1b" not in html
    assert html.count("&lt;script&gt;") >= 6
    assert "://" not in html.replace("http://www.w3.org/2000/svg", "")


def literal(text: str) -> str:
    """A text as Turtle writes it."""
    return '"' + text.replace('"', '\\"') + '"'


def test_what_policy_refuses_says_so_first_and_its_boxes_are_in_the_safe_order(site: Path) -> None:
    """The breaker behind the UPS opened before its bypass is closed: the page and the terminal begin with that, and the steps to tick stand
    in the order that is safe, bypass first. Of steps without a safe order none has a box."""
    (site / "wrong.yaml").write_text("steps:\n  - open: demo:Breaker-UPS-A-Output\n  - close: demo:Breaker-UPS-A-Bypass")
    (site / "never.yaml").write_text("steps:\n  - open: demo:Breaker-UPS-A-Output")
    said, pages = {}, {}
    with contextlib.chdir(site):
        for name in ("wrong", "never"):
            answer = CliRunner().invoke(
                app, ["report", "--isolate", "demo:UPS-A", "--procedure", f"{name}.yaml", "-o", f"{name}.html"], catch_exceptions=False
            )
            said[name], pages[name] = answer.output.splitlines()[0], Path(f"{name}.html").read_text()

    assert said["wrong"].startswith("NOT AS WRITTEN: step 1 of the procedure is refused: ")
    assert said["wrong"].endswith("Do it in this order: 2, 1.")
    assert said["never"].endswith("No safe order of these steps was found: do not begin.")
    assert all(f'<div class="headline"><p class="first refused">{text(said[name])}</p>' in pages[name] for name in pages)
    boxes = re.findall(r'<td><span class="box"></span></td><td>(\w+)</td>', pages["wrong"])
    assert (boxes, pages["never"].count('class="box"')) == (["2", "1"], 0)


def test_the_page_allows_itself_its_own_style_only() -> None:
    """The policy is in the file: nothing is loaded, its style goes by hash."""
    html = page(made(TWO_SIDES, "UPS-A"), Asked("", "revision 1"))

    assert "default-src &#x27;none&#x27;; style-src &#x27;sha256-" in html
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")


def test_equal_questions_give_equal_pages() -> None:
    """The page of two answers to one question is the same to the byte."""
    one, other = (page(made(TWO_SIDES, "UPS-A"), Asked("Rita", "revision 1")) for _ in range(2))

    assert one == other


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands of the guide have been given."""
    folder = tmp_path_factory.mktemp("site")
    lines = re.findall(r"^\$ ridethrough (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    with contextlib.chdir(folder):
        for line in lines:
            answer = CliRunner().invoke(app, shlex.split(line), catch_exceptions=False)
            assert answer.exit_code == 0, answer.output
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    program = need("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox", "--no-first-run"])
        yield chromium
        chromium.close()


HALF_THE_SITE = [*(f"demo:Rack-R{number:03}" for number in range(1, 21)), "demo:UPS-A", "demo:Utility-B", "demo:CHW-Loop-1"]
STEPS = "\n".join(["name: Long", "steps:", *(f"  - {act}: demo:Breaker-UPS-A-Output" for act in ("open", "close") * 5)])
SHEET = "(s => [s.scrollHeight - s.clientHeight, s.scrollWidth - s.clientWidth])(document.querySelector('.sheet.one'))"
COLUMNS = """[...document.querySelectorAll('.columns > *')].map(c => Math.max(0, Math.round(
    c.lastElementChild.getBoundingClientRect().bottom - document.querySelector('.columns').getBoundingClientRect().bottom)))"""


@pytest.mark.parametrize(
    ("what", "pages"),
    [
        (["demo:UPS-A"], 1),
        (["demo:Utility-A", "demo:Utility-B"], 1),
        (HALF_THE_SITE, 1),
        (["demo:Cooling-Plant"], 1),
        (["--isolate", "demo:UPS-A", "--procedure", "steps.yaml"], 1),
        (["demo:UPS-A", "--procedure", "long.yaml"], 2),
    ],
    ids=["a UPS", "both utilities", "half the site", "a room", "a procedure", "a long procedure"],
)
def test_a_failure_prints_on_one_sheet(site: Path, browser: Browser, what: list[str], pages: int) -> None:
    """The demo's failures, small and large, are one page of A4 and of Letter, nothing is cut, and the browser has nothing to complain of;
    a procedure of more than ten steps has sheets of its own."""
    (site / "steps.yaml").write_text(STEPS)
    (site / "long.yaml").write_text(STEPS + "\n  - note: done")
    with contextlib.chdir(site):
        answer = CliRunner().invoke(app, ["report", *what], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output

    shown = browser.new_page(viewport={"width": 900, "height": 1200})
    complaints: list[str] = []
    shown.on("console", lambda message: complaints.append(message.text))
    shown.on("request", lambda request: complaints.append(request.url) if not request.url.startswith("file:") else None)
    shown.goto((site / "report.html").as_uri())
    shown.emulate_media(media="print")

    assert [len(re.findall(rb"/Type\s*/Page\b", shown.pdf(format=paper))) for paper in ("A4", "Letter")] == [pages, pages]
    assert shown.evaluate(SHEET) == [0, 0]
    assert shown.evaluate(COLUMNS) == [0, 0]
    assert complaints == []
    shown.close()


def test_long_names_do_not_push_anything_off_the_sheet(browser: Browser) -> None:
    """A site, its things and a procedure with names of hundreds of letters, without a space too, stay within the sheet."""
    names = ("UPS-A", "UPS-B", "Single", "Dual", "Utility-A", "Utility-B")
    long = TWO_SIDES + "".join(f' :{name} rdfs:label "{name} {"Wide" * 40} {"word " * 40}" .' for name in names)
    long += f' :Here a <https://w3id.org/rec#Site> ; rdfs:label "{"Site" * 60}" .'
    html = page(made(long, "UPS-A", steps=[{"note": "W" * 300}, {"isolate": SITE + "UPS-B"}]), Asked("W" * 300, "branch " + "W" * 300))

    shown = browser.new_page(viewport={"width": 900, "height": 1200})
    shown.set_content(html)
    shown.emulate_media(media="print")

    assert shown.evaluate(SHEET) == [0, 0]
    assert shown.evaluate(COLUMNS) == [0, 0]
    shown.close()


def test_the_guide_s_page_is_the_one_of_its_failure(site: Path) -> None:
    """What the guide's commands wrote names the failure."""
    assert "UPS A (UPS) fails" in (site / "ups-a.html").read_text(encoding="utf-8")


def test_the_report_without_anything_that_happens_says_what_to_name() -> None:
    """An error names the options."""
    answer = CliRunner().invoke(app, ["report"])

    assert "name what fails" in str(answer.exception)
