"""Sources, history, other times and branches in the explorer, in a real Chromium on a real demo site that these tests may change."""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Demo, Desk, desk_on, running

PICTURES = Path(__file__).parents[2] / "docs" / "images"
EXPECTED_REFUSALS = re.compile(r"the server responded with a status of (400|404|409|412|422) ")
"""The browser notes every refusal that the service answers; the page tells it in words."""
RACKS = "totals { racks { lost noRedundancy reduced unaffected } }"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that the tests of this file change: each speaks as sources and on branches of its own."""
    with running(tmp_path_factory.mktemp("site"), RIDETHROUGH_POLICIES="strict=quarantine") as one:
        yield one


@pytest.fixture
def desk(chromiums: dict[str, Browser], site: Demo) -> Iterator[Desk]:
    """A desk that in the end has asked no other host, and has no complaint but of refusals."""
    one = desk_on(chromiums["webgl"], site)
    yield one
    one.page.context.close()
    assert (one.foreign, [told for told in one.complaints if not EXPECTED_REFUSALS.search(told)]) == ([], [])


def racks(count: int, power_kw: int = 5, first: int = 1) -> str:
    """A model of so many racks, three facts each, as Turtle."""
    head = """@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix x: <urn:hall-9:> .
"""
    each = 'x:R{0} a brick:ICT_Rack ; rdfs:label "Hall 9 rack {0}" ; rdfs:comment "{1} kW" .'
    return head + "\n".join(each.format(number, power_kw) for number in range(first, first + count))


def sync(site: Demo, source: str, turtle: str, reason: str = "nightly") -> None:
    """What a DCIM tool does: one source says exactly this from now on."""
    address = f"{site.url}/rdf?source={source}&deletions=100"
    headers = {"content-type": "text/turtle", "from": "dcim", "ridethrough-reason": reason}
    request = urllib.request.Request(address, turtle.encode(), headers, method="PUT")  # noqa: S310 - loopback only
    try:
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - loopback only
    except urllib.error.HTTPError as refused:
        pytest.fail(f"the sync of {source} was refused with {refused.code}: {refused.read().decode()}")


def newest(site: Demo) -> int:
    """The number of the newest revision."""
    number: int = site.ask("{ status { revision } }")["status"]["revision"]
    return number


def try_file(page: Page, source: str, turtle: str, percent: str = "") -> Locator:
    """Choose a file for a source and look at what it would change."""
    form = page.get_by_role("region", name="Load a file")
    form.get_by_label("file:").set_input_files({"name": f"{source}.ttl", "mimeType": "text/turtle", "buffer": turtle.encode()})
    form.get_by_label("source", exact=True).fill(source)
    form.get_by_label("may withdraw").fill(percent)
    form.get_by_role("button", name="Show what would change").click()
    return form


def apply(form: Locator) -> None:
    """Make the change that was looked at; only now is it asked who wishes it and why."""
    expect(form.get_by_role("button", name="Apply")).to_be_disabled()
    form.get_by_label("your name").fill("ana")
    form.get_by_label("reason").fill("hall 9 opens")
    form.get_by_role("button", name="Apply").click()


def act(page: Page, verb: str, reason: str, **fields: str) -> None:
    """Fill the dialog that is open and send it."""
    dialog = page.get_by_role("dialog")
    for label, text in fields.items():
        dialog.get_by_label(label.replace("_", " "), exact=True).fill(text)
    dialog.get_by_label("your name").fill("ana")
    dialog.get_by_label("reason").fill(reason)
    dialog.get_by_role("button", name=verb, exact=True).click()


def keep(page: Page, name: str) -> None:
    """Keep a picture for the guide when it is missing, or anew with RIDETHROUGH_PICTURE=1."""
    if os.environ.get("RIDETHROUGH_PICTURE") == "1" or not (PICTURES / name).exists():
        page.wait_for_timeout(1500)  # the drawing is there a moment after its facts
        (PICTURES / name).write_bytes(page.screenshot())


def test_a_file_is_tried_then_loaded_and_stands_in_the_history(desk: Desk, site: Demo) -> None:
    """The dry run shows the difference and changes nothing; applied, it is one revision with who, why and how much."""
    page = desk.open("/?show=sources")
    before = newest(site)
    page.get_by_role("button", name="Load a file…").click()

    form = try_file(page, "hall-9", racks(2))
    expect(form.get_by_role("region", name="Difference")).to_contain_text("+6 \N{MINUS SIGN}0 · 6 facts about 2 entities")
    expect(form.get_by_role("heading", name=re.compile(r"^New findings \d"))).to_be_visible()
    assert newest(site) == before
    apply(form)

    expect(page.get_by_role("heading", level=1, name="hall-9")).to_be_visible()
    assert newest(site) == before + 1
    page.keyboard.press("h")
    row = page.get_by_role("table", name="Revisions").get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(f"^{before + 1}.*ana.*hall-9.*[+]6 \N{MINUS SIGN}0.*hall 9 opens$"))
    row.get_by_role("button", name=f"Revision {before + 1}").click()
    expect(page.get_by_role("region", name="Difference")).to_contain_text("“Hall 9 rack 2”")


def test_a_file_is_loaded_by_the_keyboard(desk: Desk, site: Demo) -> None:
    """Escape leaves a dialog to where it was opened; a form that opens has the focus, and the next Tab is its first field."""
    sync(site, "hall-1", racks(1, first=101))
    page = desk.open("/?source=hall-1")
    expect(page.get_by_text("points live")).to_be_visible()
    page.keyboard.press("s")
    page.get_by_role("button", name="Withdraw…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Withdraw…")).to_be_focused()

    page.get_by_role("button", name="Load a newer file…").focus()
    page.keyboard.press("Enter")

    form = page.get_by_role("region", name="Load a file")
    expect(form.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Tab")
    expect(form.get_by_label("file:")).to_be_focused()


def test_a_file_that_leaves_out_too_much_is_refused_with_the_next_step(desk: Desk, site: Demo) -> None:
    """An export that lost most of its racks is refused with count and bound; who means it raises the bound and sees what goes."""
    sync(site, "hall-8", racks(20))
    page = desk.open("/?show=sources&source=hall-8")
    page.get_by_role("button", name="Load a newer file…").click()

    form = try_file(page, "hall-8", racks(1))
    expect(form.get_by_role("alert")).to_contain_text(re.compile("57.*(10 ?%|deletions)"))
    form = try_file(page, "hall-8", racks(1), percent="100")

    expect(form.get_by_role("region", name="Difference")).to_contain_text("+0 \N{MINUS SIGN}57")
    apply(form)
    expect(form).to_have_count(0)


def test_what_the_policy_holds_back_is_a_branch(desk: Desk, site: Demo) -> None:
    """A source under quarantine feeds a rack both ways: applied, it stands as a branch to look at, and the site says nothing of it."""
    page = desk.open("/?show=sources")
    before = newest(site)
    page.get_by_role("button", name="Load a file…").click()

    form = try_file(page, "strict", racks(1, first=901) + "\nx:R901 brick:feeds x:P9 ; brick:isFedBy x:P9 .")
    expect(form.get_by_role("group", name="Findings by severity")).to_contain_text("error")
    apply(form)

    expect(page.get_by_role("heading", level=1, name="quarantine/strict")).to_be_visible()
    expect(page.get_by_role("region", name="Difference")).to_contain_text("+5")
    assert newest(site) == before


def test_a_syntax_error_is_told_with_its_line(desk: Desk, site: Demo) -> None:
    """The third line has no end: the refusal says where; nothing has changed."""
    page = desk.open("/?show=sources")
    before = newest(site)
    page.get_by_role("button", name="Load a file…").click()

    form = try_file(page, "broken", racks(1).replace("x: <urn:hall-9:> .", "x: <urn:hall-9:>"))

    expect(form.get_by_role("alert")).to_contain_text(re.compile("line [34]"))
    assert newest(site) == before


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
    beside = page.get_by_role("group", name="The same on the site now")
    question = f'impact(failed: ["demo:UPS-A"]%s) {{ {RACKS} }}'
    answer = site.ask("{ now: " + question % "" + " then: " + question % ', branch: "pdu-b1-on-side-a"' + " }")
    now, then = (answer[name]["totals"]["racks"] for name in ("now", "then"))
    expect(beside.locator("[data-field=now-lost]")).to_contain_text(str(now["lost"]))
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
    expect(page.locator(".news")).to_have_count(0)
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


def test_findings_of_the_state_before_are_not_shown_as_those_of_the_new_one(desk: Desk, site: Demo) -> None:
    """A rack gets a class that is none; until the source is checked again its old findings are grey, as those of the state before."""
    sync(site, "hall-11", racks(1, first=1101))
    page = desk.open("/?show=sources&source=hall-11")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="hall-11"))
    details = page.locator(".detail")
    expect(page.get_by_role("heading", name=re.compile(r"^Findings \d"))).to_be_visible()
    held: list[Route] = []
    page.route("**/graphql", lambda route: held.append(route) if "query Findings" in (route.request.post_data or "") else route.continue_())

    sync(site, "hall-11", racks(1, first=1101).replace("ICT_Rack", "ICT_Rackk"))

    expect(row).to_contain_text(f"revision {newest(site)}")
    expect(row).to_contain_text("checking…")
    expect(details.get_by_role("heading", name="Findings checking…")).to_be_visible()
    expect(details.locator(".outdated")).to_contain_text("Of the state before")
    held[-1].continue_()
    page.unroute("**/graphql")
    expect(details).to_contain_text("ICT_Rackk")
    expect(details.locator(".outdated")).to_have_count(0)
    expect(row).to_contain_text(re.compile("1 (error|warning)"))


def test_a_dry_run_shows_what_is_new_and_counts_what_was_wrong_before(desk: Desk, site: Demo) -> None:
    """A rack of a class that is none is known to be wrong; a second one is new, and the first only a number."""
    turtle = racks(2, first=31).replace("x:R31 a brick:ICT_Rack", "x:R31 a brick:ICT_Rackk")
    sync(site, "hall-10", turtle)
    page = desk.open("/?show=sources&source=hall-10")
    page.get_by_role("button", name="Load a newer file…").click()

    form = try_file(page, "hall-10", turtle.replace("x:R32 a brick:ICT_Rack ", "x:R32 a brick:ICT_Rakk ") + "\nx:R31 rdfs:seeAlso x:R32 .")

    expect(form.get_by_role("region", name="Findings")).to_contain_text("ICT_Rakk")
    expect(form.get_by_role("region", name="Findings")).not_to_contain_text("ICT_Rackk")
    expect(form).to_contain_text(re.compile(r"\d+ gone, [1-9]\d* as before"))


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


def test_a_source_is_had_as_a_file(desk: Desk, site: Demo) -> None:
    """What the service keeps of a source comes as Turtle under the source's name."""
    sync(site, "hall-4", racks(1, first=401))
    page = desk.open("/?show=sources&source=hall-4")

    with page.expect_download() as coming:
        page.get_by_role("button", name="Turtle").click()

    assert coming.value.suggested_filename == "hall-4.ttl"
    assert "Hall 9 rack 401" in Path(coming.value.path()).read_text(encoding="utf-8")


def test_a_source_is_withdrawn_and_that_is_reverted(desk: Desk, site: Demo) -> None:
    """First all that would go is shown and nothing has gone; with name and reason it is one revision, which can be reverted."""
    sync(site, "hall-2", racks(2, first=201))
    page = desk.open("/?show=sources&source=hall-2")
    before = newest(site)

    page.get_by_role("button", name="Withdraw…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="Difference")).to_contain_text("+0 \N{MINUS SIGN}6 · 6 facts about 2 entities")
    expect(dialog.get_by_role("button", name="Withdraw", exact=True)).to_be_disabled()
    assert newest(site) == before
    act(page, "Withdraw", "the tool is gone")

    expect(page.get_by_role("heading", level=1, name=f"Revision {before + 1}")).to_be_visible()
    expect(page.get_by_role("region", name="Difference")).to_contain_text("+0 \N{MINUS SIGN}6")
    assert "hall-2" not in [one["name"] for one in site.ask("{ sources { name } }")["sources"]]
    page.get_by_role("button", name="Revert…").click()
    act(page, "Revert", "it is back")
    expect(page.get_by_role("heading", level=1, name=f"Revision {before + 2}")).to_be_visible()
    assert "hall-2" in [one["name"] for one in site.ask("{ sources { name } }")["sources"]]


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


def test_an_empty_twin_says_so_once_and_takes_its_first_file(chromiums: dict[str, Browser], tmp_path: Path) -> None:
    """Without a site every page leads to the first file; loaded, it is revision 1."""
    with running(tmp_path, command="serve") as empty:
        desk = desk_on(chromiums["webgl"], empty, 1280, 800)
        page = desk.open("/")
        expect(page.get_by_text("The twin is empty")).to_have_count(1)
        expect(page.get_by_role("button", name="Fit")).to_have_count(0)
        page.get_by_role("main").get_by_role("button", name="Sources").click()
        form = try_file(page, "hall-9", racks(1))
        apply(form)

        expect(page.get_by_role("heading", level=1, name="hall-9")).to_be_visible()
        page.keyboard.press("h")
        expect(page.get_by_role("table", name="Revisions").get_by_role("row")).to_have_count(2)
        desk.page.context.close()
    assert (desk.foreign, desk.complaints) == ([], [])


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
