"""Live values, trends and the health of the data in a real Chromium, on a real demo site."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Desk

POWER = "UPS A output power"


def test_every_node_that_measures_something_shows_it_with_quality_and_age(desk: Desk) -> None:
    """The table twin has the value of the point that says most of each node: kW of the UPS, good, seconds old; a breaker has none."""
    page = desk.open("/?at=demo:UPS-A&show=table")
    rows = page.get_by_role("region", name="Nodes of the graph").get_by_role("row")

    ups = rows.filter(has=page.get_by_role("rowheader", name="UPS A", exact=True))
    breaker = rows.filter(has=page.get_by_role("rowheader", name="UPS A output breaker"))

    expect(ups).to_contain_text(re.compile(r"\d+(\.\d+)? kW, good, (now|\d+ s)"), timeout=30_000)
    expect(breaker.get_by_role("cell").nth(3)).not_to_contain_text(re.compile(r"\d"))


def test_a_click_on_a_point_shows_its_last_hour_and_leads_to_its_trend(desk: Desk) -> None:
    """The line has the range that it names; Trend draws it large, with what the service keeps; the arrow keys read it off."""
    page = desk.open("/?at=demo:UPS-A")
    page.get_by_role("button", name=POWER, exact=True).click()
    expect(page.get_by_role("img", name=re.compile(rf"^{POWER} in the last hour: [\d.]+ to [\d.]+ kW$"))).to_be_visible(timeout=30_000)

    page.get_by_role("button", name=f"Trend of {POWER}").click()

    assert page.url.endswith("/?at=demo:UPS-A&show=trends&trend=demo:UPS-A.Output-Power")
    chart = page.get_by_role("application", name=f"Trend of {POWER} in kW")
    expect(chart.locator("path.curve")).to_have_attribute("d", re.compile("^M"))
    chart.focus()
    page.keyboard.press("End")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=POWER)).last
    expect(page.get_by_role("columnheader", name="Then")).to_be_visible()
    expect(row).to_contain_text(re.compile(r"\d+(\.\d+)? kW.*good"))
    page.keyboard.press("l")
    expect(page.get_by_role("region", name="Graph")).to_be_visible()


def test_points_are_compared_on_one_axis_of_time_and_the_address_has_them(desk: Desk) -> None:
    """Two powers share a chart, a temperature has its own below; a reload draws the same; one is taken out."""
    page = desk.open("/?at=demo:UPS-B&show=trends&span=15m&trend=demo:UPS-A.Output-Power&trend=demo:Rack-R001.Inlet-Temperature")
    page.get_by_role("button", name="UPS B output power", exact=True).click()

    page.get_by_role("button", name="Compare UPS B output power").click()

    expect(page.locator("table[data-trends]")).to_have_attribute("data-trends", "3")
    expect(page.get_by_role("application", name=re.compile("^Trend of UPS A output power, UPS B output power in kW"))).to_be_visible()
    expect(page.get_by_role("application", name=re.compile("^Trend of Rack R001 inlet temperature in °C"))).to_be_visible()
    page.reload()
    expect(page.locator("table[data-trends]")).to_have_attribute("data-trends", "3")
    page.get_by_role("button", name="Take UPS A output power out").click()
    expect(page.locator("table[data-trends]")).to_have_attribute("data-trends", "2")
    page.get_by_role("button", name="1 day").click()
    assert "span=1d" in page.url


def test_how_the_data_stands_is_what_the_service_says(desk: Desk) -> None:
    """`d` shows every wire, connected, the points by quality and the sources; the link of the status line leads there, too."""
    page = desk.open("/")
    expect(page.get_by_role("button", name=re.compile(r"of \d+ live$"))).to_be_visible(timeout=30_000)

    page.keyboard.press("d")

    told = desk.demo.ask("{ dataHealth { points wires { name place } sources { id points } } }")["dataHealth"]
    pane = page.get_by_role("region", name="Data health")
    wires = pane.get_by_role("table", name="Wires")
    expect(wires.get_by_role("rowheader")).to_have_count(len(told["wires"]))
    for wire in told["wires"]:
        expect(wires.get_by_role("row").filter(has_text=wire["place"])).to_contain_text("connected")
    expect(pane.get_by_role("table", name="Sources").get_by_role("row").filter(has_text="demo")).to_contain_text(str(told["points"]))
    expect(pane).to_contain_text(re.compile(r"readings\s*[\d.]+ a second"))


def test_another_time_has_the_values_of_then(desk: Desk) -> None:
    """An instant that history knows: the number and quality that stood, in the place of the live ones."""
    page = desk.open("/?at=demo:UPS-A")
    row = page.get_by_role("row").filter(has_text=POWER)
    expect(row).to_contain_text(re.compile(r"good, (now|\d+ s)"), timeout=30_000)
    at = desk.demo.ask("{ dataHealth { at } }")["dataHealth"]["at"]

    desk.open(f"/?at=demo:UPS-A&asof={at.replace('+00:00', 'Z')}")

    expect(row).to_contain_text(re.compile(r"\d+(\.\d+)? kW"), timeout=30_000)
    expect(row).to_contain_text("good")
