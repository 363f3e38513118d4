"""Sources in the explorer: files that are tried and loaded, findings, what is taken back; a real Chromium on a real demo site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.acts import act, apply, desk_of_changes, newest, racks, sync, try_file
from tests.browser.conftest import Demo, Desk, desk_on, running


@pytest.fixture
def desk(chromiums: dict[str, Browser], site: Demo) -> Iterator[Desk]:
    """A desk at the site that these tests change."""
    with desk_of_changes(chromiums["webgl"], site) as one:
        yield one


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
    expect(page.get_by_text(re.compile(r" of .* live$"))).to_be_visible()
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
