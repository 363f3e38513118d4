"""History, other times and branches in the explorer, in a real Chromium on a real demo site that these tests may change."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acts import act, desk_of_changes, newest, racks, sync
from tests.browser.conftest import Demo, Desk, desk_on

PICTURES = Path(__file__).parents[2] / "docs" / "images"
RACKS = "totals { racks { lost noRedundancy reduced unaffected } }"


@pytest.fixture
def desk(chromiums: dict[str, Browser], site: Demo) -> Iterator[Desk]:
    """A desk at the site that these tests change."""
    with desk_of_changes(chromiums["webgl"], site) as one:
        yield one


def keep(page: Page, name: str) -> None:
    """Keep a picture for the guide when it is missing, or anew with RIDETHROUGH_PICTURE=1."""
    if os.environ.get("RIDETHROUGH_PICTURE") == "1" or not (PICTURES / name).exists():
        page.wait_for_timeout(1500)  # the drawing is there a moment after its facts
        (PICTURES / name).write_bytes(page.screenshot())


def test_the_site_is_looked_at_as_it_was(desk: Desk, site: Demo) -> None:
    """A rack that came later is not there in revision 1; a bar says so in every view and the address keeps it; one step leads back."""
    sync(site, "hall-7", racks(1, first=701))
    page = desk.open("/?at=urn:hall-9:R701")
    expect(page.get_by_role("heading", level=1, name="Hall 9 rack 701")).to_be_visible()

    page.keyboard.press("w")
    page.get_by_role("dialog").get_by_label("revision", exact=True).fill("1")
    page.get_by_role("dialog").get_by_role("button", name="Look").first.click()

    bar = page.get_by_role("region", name="Not the site now")
    expect(bar).to_contain_text(re.compile(r"^Revision 1, \w{3} \d+ \w{3} .* not now"))
    expect(page.get_by_text("Nothing in this state of the twin is called urn:hall-9:R701.")).to_be_visible()
    expect(page.get_by_role("complementary", name="Selected node").get_by_role("button", name="Back to now")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.reload()
    expect(bar).to_be_visible()
    assert "asof=1" in page.url
    bar.get_by_role("button", name="Back to now").click()
    expect(page.get_by_role("heading", level=1, name="Hall 9 rack 701")).to_be_visible()
    expect(bar).to_have_count(0)


def test_an_instant_of_the_past_is_asked_too(desk: Desk, site: Demo) -> None:
    """The blast radius as it was at the instant of revision 1 is what the service answers for that instant; live values have none."""
    sync(site, "hall-3", racks(1, first=301))
    at = site.ask("{ revision(number: 1) { at } }")["revision"]["at"]
    page = desk.open(f"/?at=demo:UPS-A&fail=demo:UPS-A&asof={at.replace('+', '%2B')}")

    expect(page.get_by_role("region", name="Not the site now")).to_contain_text("as it was on")
    expect(page.locator("[data-rows]")).to_be_visible()

    then = site.ask(f'{{ impact(failed: ["demo:UPS-A"], asOf: {{ at: "{at}" }}) {{ {RACKS} }} }}')["impact"]["totals"]["racks"]
    assert then == desk.counts()
    expect(page.get_by_role("row").filter(has_text="UPS A output power")).to_contain_text("not kept")


def test_a_what_if_of_the_model_is_made_compared_applied_and_reverted(desk: Desk, site: Demo) -> None:
    """On a branch a PDU of side B hangs on board A: UPS A now takes down what side B carried. The site does not notice until the branch is
    applied, and stands as before when that is reverted."""
    before = newest(site)
    page = desk.open("/?at=demo:UPS-Board-B&show=branches")
    page.get_by_role("button", name="New branch…").click()
    act(page, "Create", "works at board B", name="pdu-b1-on-side-a")
    bar = page.get_by_role("region", name="Not the site now")
    expect(bar).to_contain_text(re.compile(f"^Branch pdu-b1-on-side-a.*not the site: a what-if on top of revision {before};"))
    page.get_by_text("Who says this").click()
    page.get_by_role("button", name="Take out dcx:feedsPower demo:Breaker-PDU-H1-B1").click()
    act(page, "Take out", "unplugged there")
    difference = page.get_by_role("region", name="Difference")
    expect(difference).to_contain_text("+0 \N{MINUS SIGN}1 · 1 fact about 1 entity")
    desk.open("/?at=demo:UPS-Board-A&show=branches&branch=pdu-b1-on-side-a")
    page.get_by_role("button", name="Add a statement…").click()
    words = {"relation_or_property": "dcx:feedsPower", "entity,_as_IRI_or_CURIE": "demo:Breaker-PDU-H1-B1"}
    act(page, "Add", "plugged in here", **words)
    expect(difference).to_contain_text("+1 \N{MINUS SIGN}1 · 2 facts about 2 entities")

    desk.open("/?at=demo:Breaker-PDU-H1-B1&hops=3&fail=demo:UPS-A&branch=pdu-b1-on-side-a")
    beside = page.get_by_role("group", name="The second what-if")
    expect(beside).to_contain_text("The same on the site now")
    question = f'impact(failed: ["demo:UPS-A"]%s) {{ {RACKS} }}'
    answer = site.ask("{ now: " + question % "" + " then: " + question % ', branch: "pdu-b1-on-side-a"' + " }")
    now, then = (answer[name]["totals"]["racks"] for name in ("now", "then"))
    expect(beside.locator("[data-field=lost]")).to_contain_text(str(now["lost"]))
    expect(page.locator("[data-rows]")).to_be_visible()
    assert then == desk.counts()
    assert then["lost"] > now["lost"]
    assert newest(site) == before
    expect(page.get_by_role("heading", level=1, name="Hall 1 PDU B1 breaker")).to_be_visible()
    keep(page, "explorer-branch.png")

    page.keyboard.press("b")
    page.get_by_role("button", name="Apply to the site…").click()
    act(page, "Apply", "decided on Tuesday")
    expect(page.get_by_role("heading", level=1, name=f"Revision {before + 1}")).to_be_visible()
    expect(bar).to_have_count(0)
    expect(page.locator("p.news")).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("lost redundancy")
    page.get_by_role("button", name="Put the message away").click()
    keep(page, "explorer-history.png")
    page.get_by_role("button", name="Revert…").click()
    act(page, "Revert", "works are done")
    expect(page.get_by_role("heading", level=1, name=f"Revision {before + 2}")).to_be_visible()
    page.get_by_label("compare with revision").fill(str(before))
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Both revisions say the same.")).to_be_visible()
    assert site.ask("{ now: " + question % "" + " }")["now"]["totals"]["racks"] == now


def test_a_statement_is_added_on_a_branch_and_the_branch_is_dropped(desk: Desk, site: Demo) -> None:
    """What is said anew stands in the panel with who said it; dropped, nothing of it is left."""
    before = newest(site)
    page = desk.open("/?at=demo:UPS-B&show=branches")
    page.get_by_role("button", name="New branch…").click()
    act(page, "Create", "a note", name="noted")
    page.get_by_role("button", name="Add a statement…").click()
    page.get_by_role("dialog").get_by_label("of kind").select_option("text")
    act(page, "Add", "so that it is known", relation_or_property="rdfs:comment", text="to be replaced")

    expect(page.get_by_role("complementary", name="Selected node")).to_contain_text("to be replaced")
    page.get_by_text("Who says this").click()
    said = page.get_by_role("list", name="Statements and who says them").get_by_role("listitem").filter(has_text="to be replaced")
    expect(said).to_contain_text(re.compile("· revision 1 of the branch · .*, ana"))
    page.get_by_role("button", name="Drop…").click()
    page.get_by_label("forget it").check()
    page.get_by_role("dialog").get_by_role("button", name="Drop", exact=True).click()

    expect(page.get_by_role("region", name="Not the site now")).to_have_count(0)
    assert "noted" not in [one["name"] for one in site.ask("{ branches { name } }")["branches"]]
    assert newest(site) == before


def test_each_statement_tells_who_says_it_and_what_is_inferred_why(desk: Desk) -> None:
    """The label of UPS A is said by the demo since revision 1; that it feeds follows from that it feeds power."""
    page = desk.open("/?at=demo:UPS-A")

    page.get_by_text("Who says this").click()

    ground = page.get_by_role("list", name="Statements and who says them").get_by_role("listitem")
    expect(ground.filter(has_text="rdfs:label")).to_contain_text("demo · revision 1 · ")
    page.get_by_text("Inferred, said by nobody").click()
    inferred = page.get_by_role("list", name="Inferred statements").get_by_role("listitem").filter(has_text="brick:feeds ")
    expect(inferred).to_contain_text("inferred, because UPS A feeds power UPS A output breaker")
    ground.filter(has_text="rdfs:label").get_by_role("button", name="revision 1").click()
    expect(page.get_by_role("heading", level=1, name="Revision 1", exact=True)).to_be_visible()


def test_a_revision_of_another_comes_by_itself(desk: Desk, site: Demo) -> None:
    """While the page shows an entity, its DCIM changes it: the news stands on the page and the panel has the new value."""
    sync(site, "hall-6", racks(1, 5, first=601))
    page = desk.open("/?at=urn:hall-9:R601")
    panel = page.get_by_role("complementary", name="Selected node")
    expect(panel).to_contain_text("5 kW")

    sync(site, "hall-6", racks(1, 8, first=601), reason="measured anew")

    expect(page.locator(".news")).to_contain_text(f"Revision {newest(site)} by dcim: measured anew")
    expect(panel).to_contain_text("8 kW")


def test_what_was_changed_again_since_is_not_reverted(desk: Desk, site: Demo) -> None:
    """The service refuses to undo a revision whose facts a later one has touched, and the dialog says what stands in the way."""
    for power_kw in (5, 6, 7):
        sync(site, "hall-5", racks(1, power_kw, first=501))
    page = desk.open(f"/?show=history&revision={newest(site) - 1}")

    page.get_by_role("button", name="Revert…").click()
    act(page, "Revert", "back to five")

    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("later revisions touched 1 of its facts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_not_there_leads_back_and_what_acts_on_now_says_so(desk: Desk) -> None:
    """A revision that there is not leads back to the list; loading and withdrawing are said to act on now."""
    page = desk.open("/?show=history&revision=9999")
    expect(page.get_by_text("There is no revision 9999.")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_text("No revision is open")).to_be_visible()

    page = desk.open("/?show=sources&source=demo&asof=1")

    expect(page.get_by_role("region", name="Sources")).to_contain_text("load and withdraw change the site now")


def test_what_is_of_a_class_that_nothing_describes_is_found_by_it(desk: Desk, site: Demo) -> None:
    """A misspelt class stands under the classes, apart, and lists its rack."""
    sync(site, "hall-12", racks(1, first=1201).replace("ICT_Rack", "ICT_Wrack"))
    page = desk.open("/?at=demo:UPS-A")

    page.get_by_role("list", name="Unknown classes").get_by_role("button", name="ICT Wrack").click()

    expect(page.get_by_role("navigation", name="Classes").get_by_role("button", name="Hall 9 rack 1201")).to_be_visible()


def test_a_state_that_there_is_not_is_told_once_with_the_way_back(desk: Desk) -> None:
    """A branch that nobody made, a revision to come, an instant before the first: one notice in the whole width, not one in each pane."""
    for state in ("branch=nobody", "asof=9999", "asof=2001-01-01T00:00:00Z"):
        page = desk.open(f"/?at=demo:UPS-A&fail=demo:UPS-A&{state}")

        told = page.get_by_role("alert")
        expect(told).to_have_count(1)
        expect(told).to_contain_text("There is no such state to look at")
        box = page.get_by_role("main").locator(":scope > *").bounding_box()
        assert box is not None
        assert box["width"] > 400
        page.get_by_role("button", name="Back to the site").click()
        expect(page.get_by_role("heading", level=1, name="UPS A", exact=True)).to_be_visible()


def test_the_pages_fit_a_small_screen_a_tablet_and_200_percent_zoom(chromiums: dict[str, Browser], site: Demo) -> None:
    """Nothing of history, sources, branches and a what-if sticks out sideways, and the state that is looked at can be changed."""
    boxes = "[...document.querySelectorAll('.ledger > div, .panel, .answer, .toolbar')]"
    cut = f"{boxes}.filter((box) => box.scrollWidth > box.clientWidth).length"
    for width, height in ((1280, 800), (1024, 768), (720, 450)):
        desk = desk_on(chromiums["webgl"], site, width, height)
        for shown in ("history&revision=1&asof=1", "sources&source=demo", "branches", "graph&fail=demo:UPS-A"):
            page = desk.open(f"/?at=demo:UPS-A&show={shown}")
            expect(page.get_by_role("heading", level=1, name="UPS A", exact=True)).to_be_visible()

            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(cut) == 0, (shown, width)
            expect(page.get_by_role("group", name="State that is looked at")).to_be_visible()
        desk.page.context.close()
