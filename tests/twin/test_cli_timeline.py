"""A timeline as somebody types it, by hand: each docstring shows the sum."""

from __future__ import annotations

import json
from pathlib import Path

from tests.twin.test_cli import Desk

SITE = """
@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix dcx: <https://w3id.org/ridethrough/ontology#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix : <urn:s:> .
:U a dcx:Utility_Feed ; dcx:feedsPower :Q, :P . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :R1 .
:P a dcx:PDU ; dcx:feedsPower :R2 ; dcx:ratedPower [ brick:value -5 ; brick:hasUnit unit:KiloW ] .
:R1 a brick:ICT_Rack . :R2 a brick:ICT_Rack .
"""


def test_a_timeline_tells_all_that_was_assumed_and_what_was_dark_before(tmp_path: Path) -> None:
    """R1 is behind an open breaker; the rating of P is below 0 and left out: both are in the supply model's assumptions, and the text has
    each of them as `--json` has."""
    desk = Desk(tmp_path)
    assert desk.type("load", desk.write("site.ttl", SITE), "--source", "s").returncode == 0
    text = desk.type("impact", "urn:s:U", "--timeline").stdout
    told = json.loads(desk.type("impact", "urn:s:U", "--timeline", "--json").stdout)

    assumed = [line.removeprefix("assumed: ") for line in text.splitlines() if line.startswith("assumed: ")]
    assert set(assumed) == {*told["assumed"], *told["timeline"]["assumed"]}
    assert [each for each in assumed if "urn:s:P" in each] != []
    assert "already without a supply before this failure, and losing no other: 1 rack" in text


def test_what_fails_itself_has_a_column_beside_what_is_lost(tmp_path: Path) -> None:
    """P and its rack R2 fail, R1 is dark before: of two racks one fails itself, none is lost, none is unaffected."""
    desk = Desk(tmp_path)
    desk.type("load", desk.write("site.ttl", SITE), "--source", "s")

    lines = [line.split() for line in desk.type("impact", "urn:s:P", "urn:s:R2").stdout.splitlines()]

    assert ["FAILS", "ITSELF", "LOST", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED"] in lines
    assert ["racks", "1", "0", "0", "0", "0"] in lines


def test_a_load_that_nobody_states_is_not_told_as_none(tmp_path: Path) -> None:
    """No rack states a power: its 0 kW are no fact. Where one does they are."""
    desk, said = Desk(tmp_path), "no IT load is stated in the model"
    desk.type("load", desk.write("site.ttl", SITE), "--source", "s")
    bare = desk.type("impact", "urn:s:P").stdout
    planned = SITE + ":R1 dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] ."
    desk.type("load", desk.write("site.ttl", planned), "--source", "s")

    assert (said in bare, said in desk.type("impact", "urn:s:P").stdout) == (True, False)
