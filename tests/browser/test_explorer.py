"""The explorer in a real Chromium, on a real demo site: what is shown is what the service answers."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SETPOINT, Demo, Desk, desk_on

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "explorer.png"
RACKS = "totals { racks { lost noRedundancy reduced unaffected } }"


def answered(demo: Demo, *failed: str) -> dict[str, int]:
    """The racks by outcome as the service counts them."""
    ids = ", ".join(f'"{one}"' for one in failed)
    racks: dict[str, int] = demo.ask(f"{{ impact(failed: [{ids}]) {{ {RACKS} }} }}")["impact"]["totals"]["racks"]
    return racks


def found(page: Page, text: str, name: str) -> None:
    """Search for a text and take the node of this name."""
    page.get_by_role("combobox", name="Search nodes").fill(text)
    page.get_by_role("listbox", name="Found nodes").get_by_text(name, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


def test_losing_a_ups_shows_the_counts_that_the_service_answers(desk: Desk) -> None:
    """Search, select, fail: the racks lost and without redundancy on screen are those of `impact`, and some are lost at all."""
    page = desk.open("/")
    found(page, "UPS-A", "UPS A")

    page.get_by_role("button", name="What if this fails").click()

    expect(page.get_by_role("table").get_by_text("lost").first).to_be_visible()
    truth = answered(desk.demo, "demo:UPS-A")
    assert truth == desk.counts()
    assert truth["lost"] > 0
    assert truth["noRedundancy"] > truth["lost"]


def test_every_view_is_in_the_address(desk: Desk) -> None:
    """A reload shows the same counts and rows; back leaves the what-if, forward takes it up again."""
    page = desk.open("/?at=demo:UPS-B")
    page.get_by_role("button", name="What if this fails").click()
    page.get_by_role("group", name="Racks by outcome").locator("[data-field=lost]").click()
    rows = page.locator("[data-rows]")
    expect(rows).to_be_visible()
    before = (page.url, desk.counts(), rows.get_attribute("data-rows"))

    page.reload()

    expect(rows).to_be_visible()
    assert before == (page.url, desk.counts(), rows.get_attribute("data-rows"))
    assert page.url.endswith("/?at=demo:UPS-B&fail=demo:UPS-B&outcome=LOST")
    page.go_back()
    expect(page.get_by_role("region", name="What if")).to_have_count(0)
    page.go_forward()
    expect(rows).to_have_attribute("data-rows", before[2] or "")


def test_the_keyboard_alone_fails_both_sides(desk: Desk) -> None:
    """`/`, type, Enter, `i`, then the other UPS with `a`: more racks are lost than by one side; `c` clears, `?` lists the keys."""
    page = desk.open("/")
    expect(page.get_by_role("application")).to_be_visible()

    for name, act in (("UPS A", "i"), ("UPS B", "a")):
        page.keyboard.press("/")
        page.keyboard.type(name.lower().replace(" ", "-"))
        expect(page.get_by_role("listbox", name="Found nodes").get_by_role("option", selected=True)).to_contain_text(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()
        page.keyboard.press(act)

    expect(page.get_by_role("heading", name=re.compile("^If UPS A.* and UPS B.* fail:$"))).to_be_visible()
    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()
    both = answered(desk.demo, "demo:UPS-A", "demo:UPS-B")
    assert both == desk.counts()
    assert both["lost"] > answered(desk.demo, "demo:UPS-A")["lost"]
    page.keyboard.press("c")
    expect(page.get_by_role("region", name="What if")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_what_is_typed_in_a_hurry_is_not_lost(desk: Desk) -> None:
    """Enter and `i` right behind the last letter, before any answer: the first result is selected and failed; nothing of it is text.

    `/` and Ctrl-K then select what stands in the field, so that typing replaces it; Escape empties it.
    """
    page = desk.open("/")
    expect(page.get_by_role("application")).to_be_visible()
    field = page.get_by_role("combobox", name="Search nodes")

    page.keyboard.type("/UPS-A\ni", delay=0)

    expect(page.get_by_role("heading", name=re.compile("^If UPS A.* fails:$"))).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="UPS A", exact=True)).to_be_visible()
    expect(field).to_have_value("")
    page.keyboard.type("/pump")
    page.get_by_role("heading", level=1, name="UPS A", exact=True).click()
    page.keyboard.press("Control+k")
    page.keyboard.type("ups-b")
    expect(field).to_have_value("ups-b")
    page.keyboard.press("Escape")
    expect(field).to_have_value("")


def test_what_is_not_found_in_a_hurry_leaves_the_text_to_mend(desk: Desk) -> None:
    """Enter on a name that nothing has: the field keeps it and has the keyboard again, and the page says so."""
    page = desk.open("/")
    expect(page.get_by_role("application")).to_be_visible()

    page.keyboard.type("/no-such-thing\n", delay=0)

    expect(page.get_by_text("Nothing is called “no-such-thing”.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Search nodes")).to_be_focused()


def test_an_open_breaker_and_what_it_darkens_are_shown_without_a_reload(chromiums: dict[str, Browser], own: Demo) -> None:
    """The output breaker of UPS A opens in the plant: panel, legend, table twin and a message say so; the what-if tells both apart."""
    desk = desk_on(chromiums["webgl"], own)
    page = desk.open("/?at=demo:Breaker-UPS-A-Output")
    now = page.get_by_label("Now", exact=True)
    expect(now).to_have_text("closed", timeout=20_000)

    own.open_switch("demo:Breaker-UPS-A-Output")

    expect(now).to_have_text("open", timeout=30_000)
    expect(page.get_by_role("list", name="Legend")).to_contain_text("without supply now")
    expect(page.get_by_role("alert").filter(has_text="UPS A output breaker opened")).to_contain_text(
        re.compile(r"\d+ racks? .*lost redundancy")
    )
    racks = own.ask("{ posture { racks { dark hanging } } }")["posture"]["racks"]
    chip = re.compile(rf"{racks['dark']} racks? dark · *{racks['hanging']} on one failure")
    expect(page.get_by_role("button", name=chip)).to_be_visible()
    page.keyboard.press("g")
    rows = page.get_by_role("region", name="Nodes of the graph").get_by_role("row")
    expect(rows.filter(has=page.get_by_role("rowheader", name="UPS output board A"))).to_contain_text("without supply now")

    desk.open("/?at=demo:UPS-B&fail=demo:UPS-B")
    before = own.ask('{ impact(failed: ["demo:UPS-B"]) { downBefore { racks } } }')["impact"]["downBefore"]["racks"]
    assert before > 0
    expect(page.locator("[data-field=before]")).to_contain_text(re.compile(f"^□ {before} racks? .* already without supply$"))
    page.get_by_text(re.compile("switch positions")).click()
    expect(page.get_by_role("listitem").filter(has_text="UPS A output breaker open, from telemetry")).to_be_visible()
    assert (desk.foreign, desk.complaints) == ([], [])
    page.context.close()


def test_a_failed_node_that_is_not_drawn_is_called_by_its_label(desk: Desk) -> None:
    """The chiller is far from the rack in the middle, and yet `Chiller 1` in the question and in every row, never `Chiller-1`."""
    page = desk.open("/?at=demo:Rack-R001&hops=1&fail=demo:Chiller-1")

    expect(page.get_by_role("heading", name=re.compile("^If Chiller 1.* fails:$"))).to_be_visible()
    expect(page.get_by_role("region", name="Outcomes")).to_contain_text("Chiller 1 →")
    expect(page.get_by_role("region", name="What if")).not_to_contain_text("Chiller-1")


def test_a_tenant_is_not_called_unaffected(desk: Desk) -> None:
    """It has no supply of its own; the bar says that something of it is lost."""
    tenant = desk.demo.ask('{ entities(class: "dcx:Tenant", first: 1) { nodes { curie } } }')["entities"]["nodes"][0]["curie"]
    page = desk.open(f"/?at={tenant}&fail=demo:UPS-A&fail=demo:UPS-B")

    expect(page.get_by_role("group", name="Racks by outcome")).to_contain_text("with something lost")

    expect(page.get_by_text("A tenant has no supply of its own")).to_be_visible()
    expect(page.get_by_text("unaffected by this what-if")).to_have_count(0)


def test_arrows_walk_the_graph_and_enter_draws_around_the_node(desk: Desk) -> None:
    """From the UPS one level down is what it feeds; Enter makes that the centre."""
    page = desk.open("/?at=demo:UPS-A")
    graph = page.get_by_role("application")
    expect(graph).to_have_attribute("aria-label", re.compile("around UPS A"))
    graph.focus()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", level=1, name="UPS A output breaker")).to_be_visible()
    page.keyboard.press("Enter")

    expect(graph).to_have_attribute("aria-label", re.compile("around UPS A output breaker"))
    assert page.url.endswith("/?at=demo:Breaker-UPS-A-Output")


def test_the_table_twin_holds_every_node_of_the_graph(desk: Desk) -> None:
    """The same nodes with their level and outcome, for who cannot see the drawing."""
    page = desk.open("/?at=demo:UPS-A&fail=demo:UPS-A")

    page.keyboard.press("g")

    drawn = desk.demo.ask('{ graph(around: "demo:UPS-A", hops: 2, limit: 300) { nodes { label } } }')["graph"]["nodes"]
    table = page.get_by_role("region", name="Nodes of the graph")
    expect(table.get_by_role("rowheader")).to_have_count(len(drawn))
    breaker = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="UPS A output breaker"))
    expect(breaker).to_contain_text("lost")


def test_what_hurts_nothing_says_so(desk: Desk) -> None:
    """One chiller of N+1: no rack is lost, and the page says in words what that means."""
    page = desk.open("/?at=demo:Chiller-1&fail=demo:Chiller-1")

    expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()

    truth = answered(desk.demo, "demo:Chiller-1")
    assert truth == desk.counts()
    assert truth["lost"] == 0


def test_values_are_live_and_carry_unit_quality_and_age(desk: Desk) -> None:
    """The load of a UPS in kW, good, and seconds old, by subscription."""
    page = desk.open("/?at=demo:UPS-A")

    row = page.get_by_role("row").filter(has_text="UPS A output power")

    expect(row).to_contain_text(re.compile(r"\d+(\.\d+)? kW"), timeout=30_000)
    expect(row).to_contain_text(re.compile(r"good, (now|\d+ s)"), timeout=30_000)


def test_an_unknown_node_is_told_with_a_next_step(desk: Desk) -> None:
    """A link to a node that is gone names it, leads to the nearest names and to the start; asking again is not offered; the page stands."""
    page = desk.open("/?at=demo:UPS-Z")

    expect(page.get_by_role("alert").first).to_contain_text("UPS-Z")
    expect(page.get_by_role("button", name="Back to the start")).to_have_count(2)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="demo:UPS-A", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="UPS A", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation", name="Classes")).to_contain_text("Equipment")


def test_a_lost_connection_is_shown_and_taken_up_again(chromiums: dict[str, Browser], demo: Demo) -> None:
    """While the service does not answer a banner says so; when it answers again the banner goes by itself."""
    desk = desk_on(chromiums["webgl"], demo)
    page = desk.open("/?at=demo:UPS-A")
    expect(page.get_by_role("heading", level=1, name="UPS A")).to_be_visible()
    banner = page.get_by_text("The connection to the service is lost.")

    page.route("**/graphql", lambda route: route.abort())
    expect(banner).to_be_visible(timeout=20_000)
    page.unroute("**/graphql")

    expect(banner).to_have_count(0, timeout=20_000)
    expect(page.get_by_role("heading", level=1, name="UPS A")).to_be_visible()
    page.context.close()


def test_without_webgl_the_table_stands_in(chromiums: dict[str, Browser], demo: Demo) -> None:
    """A browser that cannot draw shows the same facts as a table, and why."""
    desk = desk_on(chromiums["no webgl"], demo)
    page = desk.open("/?at=demo:UPS-A")

    expect(page.get_by_text("this browser has no WebGL")).to_be_visible()
    expect(page.get_by_role("region", name="Nodes of the graph")).to_contain_text("UPS A output breaker")
    assert desk.foreign == []
    page.context.close()


def test_a_tablets_width_and_200_percent_zoom_keep_everything_in_reach(chromiums: dict[str, Browser], demo: Demo) -> None:
    """At 1024 x 768, and at 720 x 450 (1440 x 900 zoomed to 200 %), nothing sticks out sideways and the counts are on the page."""
    for width, height in ((1024, 768), (720, 450)):
        desk = desk_on(chromiums["webgl"], demo, width, height)
        page = desk.open("/?at=demo:UPS-A&fail=demo:UPS-A")

        expect(page.get_by_role("group", name="Racks by outcome")).to_be_visible()

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert answered(demo, "demo:UPS-A") == desk.counts()
        page.context.close()


def test_a_set_point_is_written_from_its_faceplate_and_confirmed_by_the_plant(chromiums: dict[str, Browser], controlled: Demo) -> None:
    """Now, wanted and why; what ends it is the plant's own reading. Escape closes the faceplate and keeps the selection."""
    desk = desk_on(chromiums["webgl"], controlled)
    page = desk.open("/?at=demo:CRAH-H1-01")
    page.get_by_role("button", name="Set Hall 1 CRAH 1 supply setpoint").click(timeout=20_000)
    faceplate = page.get_by_role("dialog", name="Set Hall 1 CRAH 1 supply setpoint")
    faceplate.get_by_label("wanted").fill("24")
    faceplate.get_by_label("reason").fill("warmer aisle")

    faceplate.get_by_role("button", name="Send 24 °C").click()

    expect(faceplate.get_by_role("status")).to_contain_text("confirmed by the plant", timeout=20_000)
    assert controlled.ask(f'{{ entity(id: "{SETPOINT}") {{ points {{ value {{ value }} }} }} }}')["entity"]["points"] == [
        {"value": {"value": 24.0}}
    ]
    page.keyboard.press("Escape")
    expect(faceplate).to_have_count(0)
    expect(page.get_by_role("heading", level=1, name="Hall 1 CRAH 1")).to_be_visible()
    assert (desk.foreign, desk.complaints) == ([], [])
    page.context.close()


def test_a_point_that_is_not_enabled_has_no_faceplate(desk: Desk) -> None:
    """Control is off unless it is set: nothing on the page can write."""
    page = desk.open("/?at=demo:CRAH-H1-01")

    expect(page.get_by_role("row").filter(has_text="supply setpoint").first).to_contain_text("°C")

    expect(page.get_by_role("button", name=re.compile("^Set Hall"))).to_have_count(0)


def test_the_picture_of_the_readme_is_what_the_explorer_shows(desk: Desk) -> None:
    """UPS A and what it takes down at 1440 x 900; written when it is missing, or anew with RIDETHROUGH_PICTURE=1."""
    page = desk.open("/?at=demo:UPS-A&hops=4&fail=demo:UPS-A")
    expect(page.get_by_role("table").get_by_text("lost").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="UPS A output power")).to_contain_text("good", timeout=30_000)
    expect(page.get_by_text(re.compile(r"^(\S+) of \1 live$"))).to_be_visible(timeout=60_000)

    picture = page.screenshot()

    assert picture.startswith(b"\x89PNG")
    if os.environ.get("RIDETHROUGH_PICTURE") == "1" or not PICTURE.exists():
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_bytes(picture)
