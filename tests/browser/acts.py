"""What the tests that change a site do with it: speak as a source, load a file, send a dialog."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Demo, Desk, desk_on

EXPECTED_REFUSALS = re.compile(r"the server responded with a status of (400|404|409|412|422) ")
"""The browser notes every refusal that the service answers; the page tells it in words."""


@contextmanager
def desk_of_changes(browser: Browser, site: Demo) -> Iterator[Desk]:
    """A desk that in the end has asked no other host, and has no complaint but of refusals."""
    one = desk_on(browser, site)
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
