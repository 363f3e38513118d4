"""The failure engine in the explorer: what trips, when it goes dark, what hurts most, and two what-ifs side by side."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.acts import desk_of_changes, sync
from tests.browser.conftest import Demo, Desk

BLACKOUT = ("demo:Utility-A", "demo:Utility-B", "demo:Generator-Group")
"""Nothing comes back: the racks hold on by batteries and by the air of their halls."""
SERVICE = "https://w3id.org/ridethrough/ontology#Service"

# 120 kW on two UPSs of 100 kW: the one that is left trips after 3600 s x (600/3600) ^ (ln(1.2/1.1) / ln(1.25/1.1)) = 1063 s = 17 min 43 s.
# 105 kW on the other two: above the 100 kW that they may carry for good, below what they trip at.
PAIRS = """@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix dcx: <https://w3id.org/ridethrough/ontology#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix x: <urn:pairs:> .
x:Utility a dcx:Utility_Feed ; dcx:feedsPower x:UPS-1 , x:UPS-2 , x:UPS-3 , x:UPS-4 .
x:UPS-1 a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower x:Rack-120 .
x:UPS-2 a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower x:Rack-120 .
x:UPS-3 a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower x:Rack-105 .
x:UPS-4 a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower x:Rack-105 .
x:Rack-120 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 120 ; brick:hasUnit unit:KiloW ] .
x:Rack-105 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 105 ; brick:hasUnit unit:KiloW ] .
"""


@pytest.fixture
def pairs(chromiums: dict[str, Browser], site: Demo) -> Iterator[Desk]:
    """A desk at a site with two racks whose UPSs are too small to carry them alone."""
    sync(site, "pairs", PAIRS)
    with desk_of_changes(chromiums["webgl"], site) as desk:
        yield desk


def test_what_trips_and_what_stays_overloaded_is_told_with_its_figures(pairs: Desk) -> None:
    """Losing one of a pair that is too small: the other trips after 1063 s at 120 %, or stays up at 105 %; table and graph show it."""
    page = pairs.open("/?at=urn:pairs:UPS-1&fail=urn:pairs:UPS-1&fail=urn:pairs:UPS-3&show=table")

    expect(page.locator("[data-trip]")).to_have_text("UPS-2 trips after 17 min 43 s: 120 kW on a rating of 100 kW, 120 %")
    expect(page.locator("[data-overload]")).to_have_text("UPS-4 stays up with 105 kW where 100 kW may be carried for good, 105 %")
    outcomes = page.get_by_role("region", name="Outcomes").get_by_role("row")
    expect(outcomes.filter(has=page.get_by_role("rowheader", name="UPS-2"))).to_contain_text("■ lost")
    expect(outcomes.filter(has=page.get_by_role("rowheader", name="UPS-4"))).to_contain_text("▲ overloaded")
    expect(drawn(page, "UPS-2")).to_contain_text("■ lost")
    expect(drawn(page, "UPS-4")).to_contain_text("▲ overloaded")


def drawn(page: Page, name: str) -> Locator:
    """A node in the table twin of the graph."""
    rows = page.get_by_role("region", name="Nodes of the graph").get_by_role("row")
    return rows.filter(has=page.get_by_role("rowheader", name=re.compile(f"^{re.escape(name)}( \\+|$)")))


def services_at(bounds: list[dict[str, Any]], services: set[str], seconds: float) -> dict[str, int]:
    """How many services are lost for sure and perhaps lost after so many seconds, by the service's own bounds."""
    worst: dict[str, str] = {}
    for bound in bounds:
        came = bound["backUpper"] is not None and seconds >= bound["backUpper"]
        if bound["id"] not in services or seconds < bound["lower"] or came:
            continue
        sure = bound["upper"] is not None and seconds >= bound["upper"] and (bound["backLower"] is None or seconds < bound["backLower"])
        worst[bound["id"]] = "lost" if sure else worst.get(bound["id"], "perhaps")
    return {state: list(worst.values()).count(state) for state in ("lost", "perhaps")}


def shown_services(page: Page) -> dict[str, int]:
    """The services lost and perhaps lost as the course in time shows them."""
    now = page.locator("[data-now=services]")
    return {state: int(re.sub(r"\D", "", now.locator(f"[data-moment={state}]").inner_text())) for state in ("lost", "perhaps")}


def test_a_blackout_is_followed_in_time_by_the_keyboard(desk: Desk) -> None:
    """`e` opens the course; the arrow goes from instant to instant; counts are those of the service's bounds; a reload shows the same."""
    ids = ", ".join(f'"{one}"' for one in BLACKOUT)
    told = desk.demo.ask(f"{{ timeline(failed: [{ids}]) {{ events {{ class ids }} bounds {{ id lower upper backLower backUpper }} }} }}")
    services = {one for event in told["timeline"]["events"] if event["class"] == SERVICE for one in event["ids"]}
    page = desk.open("/?at=demo:Rack-R001&show=table&" + "&".join(f"fail={one}" for one in BLACKOUT))
    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()

    page.keyboard.press("e")

    slider = page.get_by_role("slider", name="Time after the failure")
    carried = f"services: 0 lost, 0 perhaps lost, {len(services)} still carried"
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"^0 s after the failure: .*{carried}"))
    slider.focus()
    seen: list[dict[str, int]] = []
    instant = page.locator("[data-instant]")
    for _ in range(30):
        before = instant.get_attribute("data-instant") or ""
        page.keyboard.press("ArrowRight")
        if instant.get_attribute("data-instant") == before:
            break
        at = float(instant.get_attribute("data-instant") or "nan")
        seen.append(services_at(told["timeline"]["bounds"], services, at))
        assert seen[-1] == shown_services(page), at
    assert max(one["perhaps"] for one in seen) > 0
    assert seen[-1] == {"lost": len(services), "perhaps": 0}

    expect(drawn(page, "Rack R001")).to_contain_text("■ lost")
    words = slider.get_attribute("aria-valuetext") or ""
    assert re.search(r"[&?]t=\d", page.url)
    page.reload()
    expect(slider).to_have_attribute("aria-valuetext", words)


def test_the_course_plays_only_where_motion_is_welcome(chromiums: dict[str, Browser], demo: Demo) -> None:
    """With reduced motion wished there is no Play; the next instant is a press away."""
    page = chromiums["webgl"].new_context(reduced_motion="reduce").new_page()
    page.goto(f"{demo.url}/?at=demo:UPS-A&fail=demo:Utility-A&t=0&show=table")

    page.get_by_role("button", name="To the next instant").click()

    expect(page.locator("[data-instant]")).not_to_have_attribute("data-instant", "0")
    expect(page.get_by_role("button", name="Play")).to_have_count(0)
    page.context.close()


def test_the_sweep_ranks_single_failures_and_leads_to_their_what_if(desk: Desk) -> None:
    """By racks, of equipment alone: the order is the service's own; a click asks the what-if, and back leads to the list."""
    page = desk.open("/")
    expect(page.get_by_role("application")).to_be_visible()
    page.keyboard.press("n")
    for kind in ("rooms", "whole paths", "common causes"):
        page.get_by_role("checkbox", name=kind).uncheck()
    page.get_by_role("columnheader", name="racks").get_by_role("button").click()

    told = desk.demo.ask(
        "{ sweep(units: [EQUIPMENT], by: RACKS, first: 3) { failures { failed { label } lost { racks } } hangByOne { racks services } } }"
    )["sweep"]
    rows = page.get_by_role("region", name="Failures").get_by_role("rowheader")
    for number, failure in enumerate(told["failures"]):
        expect(rows.nth(number)).to_have_text(failure["failed"][0]["label"])
    hang = told["hangByOne"]
    expect(page.locator("[data-hang]")).to_contain_text(f"{hang['racks']} racks and {hang['services']} services hang by one")
    assert page.url.endswith("/?show=sweep&units=equipment&by=racks")

    worst = told["failures"][0]
    rows.first.get_by_role("button").click()
    expect(page.get_by_role("heading", name=re.compile(f"^If {re.escape(worst['failed'][0]['label'])}.* fails:$"))).to_be_visible()
    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()
    assert desk.counts()["lost"] == worst["lost"]["racks"]
    page.go_back()
    expect(rows.first).to_be_visible()


def test_the_rows_that_are_looked_at_of_a_large_answer_say_why(desk: Desk) -> None:
    """UPS-A hits more rows than are explained at once: the page that is shown says because of what and by which path, and so does what
    is filtered, and the node that is selected."""
    page = desk.open("/?at=demo:Rack-R007&fail=demo:UPS-A&show=table")

    rows = page.get_by_role("region", name="Outcomes").locator("tbody tr")
    expect(rows).to_have_count(100)
    expect(rows.first.locator("td.path")).to_contain_text("→")
    expect(rows.first).to_contain_text("UPS A")
    expect(page.locator(".standing").filter(has_text="Power")).to_contain_text("because of UPS A")
    page.get_by_role("group", name="Pages").get_by_role("button").last.click()
    expect(rows.last.locator("td.path")).to_contain_text("→")
    page.locator(".toolbar select").nth(1).select_option(SERVICE)
    expect(rows.first.locator("td.path")).to_contain_text("→")


def test_a_room_fails_with_all_that_is_in_it(desk: Desk) -> None:
    """The cooling plant's room: a chiller in it is shown as failing, not as unaffected."""
    page = desk.open("/?at=demo:Chiller-1&show=table&fail=demo:Cooling-Plant")

    expect(drawn(page, "Chiller 1")).to_contain_text("✕ fails")
    expect(page.get_by_role("complementary", name="Selected node")).to_contain_text("✕ fails in this what-if")


def test_two_what_ifs_stand_side_by_side(desk: Desk) -> None:
    """UPS A is kept while UPS B is asked: both counts are the service's, the difference is told, rows that differ are marked, `x` turns."""
    page = desk.open("/?at=demo:UPS-A&fail=demo:UPS-A&show=table")
    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_text("kept as ②")).to_be_visible()

    page.keyboard.type("/ups-b\n")
    expect(page.get_by_role("heading", level=1, name="UPS B", exact=True)).to_be_visible()
    page.keyboard.press("i")

    second = page.get_by_role("group", name="The second what-if")
    expect(second.get_by_role("heading")).to_have_text(re.compile("^If UPS A.* fails:$"))
    expect(page.get_by_role("heading", name=re.compile("^If UPS B.* fails:$"))).to_be_visible()
    racks = "totals { racks { lost noRedundancy reduced unaffected } }"
    told = desk.demo.ask(f'{{ a: impact(failed: ["demo:UPS-A"]) {{ {racks} }} b: impact(failed: ["demo:UPS-B"]) {{ {racks} }} }}')
    a, b = (told[name]["totals"]["racks"] for name in "ab")
    assert a["lost"] > b["lost"]
    expect(second.locator("[data-field=lost]")).to_contain_text(f"{a['lost']} lost (+{a['lost'] - b['lost']})")
    assert b == desk.counts()

    board = drawn(page, "UPS output board B")
    expect(board).to_contain_text("■ lost")
    page.keyboard.press("x")
    expect(board).not_to_contain_text("■ lost")
    expect(second.get_by_role("button", name="second what-if drawn")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("checkbox", name="only what differs").check()
    rows = page.get_by_role("region", name="Outcomes").locator("tbody tr")
    expect(rows.first).to_have_class("differs")
    assert rows.evaluate_all("all => all.every((row) => row.classList.contains('differs'))")
    assert page.url.endswith("/?at=demo:UPS-B&fail=demo:UPS-B&vs=demo:UPS-A&side=2&only=different&show=table")
    page.keyboard.press("v")
    expect(second).to_have_count(0)


def test_two_at_once_are_worked_out_as_a_job(desk: Desk) -> None:
    """Started on the page, followed to its end, ranked as the service ranks; the job is in the address; a click fails both."""
    page = desk.open("/?show=sweep&order=2")
    page.get_by_role("button", name="Work it out").click()

    expect(page.get_by_text(re.compile(r"pairs of .* take down what neither"))).to_be_visible(timeout=60_000)

    job = re.search(r"job=(\w+)", page.url)
    assert job is not None
    told = desk.demo.ask(
        f'{{ job(id: "{job[1]}") {{ result {{ ... on SweepPairs {{ failures {{ failed {{ label }} lost {{ racks }} }} }} }} }} }}'
    )
    worst = told["job"]["result"]["failures"][0]
    first = page.get_by_role("region", name="Failures").get_by_role("rowheader").first
    expect(first).to_have_text(" + ".join(unit["label"] for unit in worst["failed"]))
    first.get_by_role("button").click()
    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()
    assert desk.counts()["lost"] >= worst["lost"]["racks"] > 0


def test_what_fails_itself_is_told_beside_what_is_lost(desk: Desk) -> None:
    """A hall takes its racks with it: they are in no outcome, and bar, table and live region say how many there are."""
    told = desk.demo.ask('{ impact(failed: ["demo:Hall-1"]) { failedItself { racks } totals { racks { lost } } } }')["impact"]
    racks = told["failedItself"]["racks"]
    assert racks > 0

    page = desk.open("/?at=demo:Hall-1&fail=demo:Hall-1")

    expect(page.locator("[data-field=failedItself]")).to_have_text(f"✕ {racks} fail themselves")
    expect(page.locator("[data-itself='IT load']")).to_contain_text("kW fails itself")
    expect(page.locator("[data-apart]")).to_contain_text(f"{racks} racks")
    expect(page.get_by_text(re.compile(f"^If .* fails, and with it {racks} racks"))).to_have_count(1)
    assert told["totals"]["racks"]["lost"] == desk.counts()["lost"]


def test_racks_that_the_air_of_their_room_carries_are_not_lost_when_the_fans_stop(desk: Desk) -> None:
    """Both utilities go: at 0 s nothing that a rack holds is too warm, so that no rack is lost, and the events stand at what fails."""
    page = desk.open("/?at=demo:UPS-A&fail=demo:Utility-A&fail=demo:Utility-B&t=0")

    racks = page.locator("[data-now=racks] [data-moment=lost]")
    expect(racks).to_have_text("■ 0 lost")
    expect(page.get_by_role("region", name="Events in time").get_by_role("row").nth(1)).to_be_in_viewport()


CONTACT = """@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix dcx: <https://w3id.org/ridethrough/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix demo: <urn:ridethrough:demo:> .
<urn:switchboard:Contact> a dcx:Breaker_Position_Status ; rdfs:label "Auxiliary contact B" ; dcx:samplePeriod 2 ;
  brick:isPointOf demo:Breaker-UPS-B-Output .
"""


@pytest.fixture
def silenced(chromiums: dict[str, Browser], site: Demo) -> Iterator[Desk]:
    """A desk at a site where a contact of the breaker behind UPS B has been silent for a minute and a half."""
    sync(site, "switchboard", CONTACT)
    heard = (datetime.now(UTC) - timedelta(seconds=90)).isoformat()
    body = json.dumps([{"point": "urn:switchboard:Contact", "value": 1, "observed_at": heard}]).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback only
        f"{site.url}/api/v1/readings", body, {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - loopback only
    with desk_of_changes(chromiums["webgl"], site) as desk:
        yield desk


def test_a_what_if_says_which_points_it_rests_on_are_not_good_and_marks_what_depends_on_them(silenced: Desk) -> None:
    """UPS A fails, and where the breaker on the other side stands is not sure: one line opens to the contact; what hangs by side B, too,
    is marked, what hangs by A alone is not; a click leads to the contact; the course in time has no such line."""
    page = silenced.open("/?at=demo:UPS-A&fail=demo:UPS-A&kind=brick:ICT_Rack&show=table")

    line = page.locator("[data-rests]")
    expect(line).to_have_text(re.compile(r"^rests on \d+ points: \d+ not good"))
    line.click()
    row = page.get_by_role("table", name="Points that are not good").get_by_role("row").filter(has_text="Auxiliary contact B")
    expect(row).to_contain_text("UPS B output breaker: where it stands")
    expect(row).to_contain_text(re.compile(r"has fallen silent.*\d+ (s|min).*what another point of it says"))

    asked = '{ impact(failed: ["demo:UPS-A"]) { outcomes { id label class } restsOn { ids(first: 50000) } } }'
    told = silenced.demo.ask(asked)["impact"]
    racks = {each["label"]: each["id"] in told["restsOn"]["ids"] for each in told["outcomes"] if each["class"].endswith("#ICT_Rack")}
    assert set(racks.values()) == {True, False}
    outcomes = page.get_by_role("region", name="Outcomes").locator("tbody tr")
    for label in (min(racks, key=racks.__getitem__), max(racks, key=racks.__getitem__)):
        shown = outcomes.filter(has=page.get_by_role("rowheader", name=label, exact=True)).first
        expect(shown.locator(".doubt")).to_have_count(int(racks[label]))

    row.get_by_role("button", name="Auxiliary contact B").click()
    expect(page.get_by_role("heading", level=1, name="Auxiliary contact B")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("slider", name="Time after the failure")).to_be_visible()
    expect(line).to_have_count(0)
