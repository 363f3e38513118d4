"""Formulas over points and over the graph: what they mean, what they stand on, and what is told of those that mean nothing."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from math import isnan
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from analytics.places import held_directly, holding
from analytics.quality import Figure
from analytics.virtual.formula import FormulaError, parse
from analytics.virtual.plan import Virtuals, virtual_points
from graph.snapshot import Snapshot
from graph.values import Quality
from ontology.namespaces import DEMO
from ontology.rdf import read_stream
from ontology.vocabulary import load_vocabulary
from tests.support.random_cases import tried
from tests.support.wired import snapshot_of
from twin.demo.site import generate

VOCABULARY = load_vocabulary()
GOOD, UNCERTAIN, STALE, BAD, AWAY, NONE = Quality
SITE = """
demo:Row rec:isPartOf demo:Hall ; a dcx:Rack_Row . demo:Hall a dcx:Data_Hall .
demo:R1 a brick:ICT_Rack ; brick:hasLocation demo:Row ; brick:hasPoint demo:R1.kW .
demo:R2 a brick:ICT_Rack ; brick:hasLocation demo:Row ; brick:hasPoint demo:R2.W, demo:R2.Input .
demo:R3 a brick:ICT_Rack ; brick:hasLocation demo:Row .
demo:S1 a brick:Server ; dcx:mountedIn demo:R1 ; brick:hasPoint demo:S1.kW .
demo:S3 a brick:Server ; dcx:mountedIn demo:R3 ; brick:hasPoint demo:S3.kW .
demo:R1.kW a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW .
demo:R2.W a brick:Active_Power_Sensor ; brick:hasUnit unit:W .
demo:R2.Input a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
demo:S1.kW a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
demo:S3.kW a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
demo:Utility a dcx:Utility_Feed ; brick:hasPoint demo:Utility.Power .
demo:Utility.Power a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
demo:Hall brick:hasPoint demo:Hall.Air . demo:Hall.Air a brick:Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C .
"""
READS = {"R1.kW": 4.0, "R2.W": 5000.0, "R2.Input": 5.5, "S1.kW": 3.0, "S3.kW": 2.0, "Utility.Power": 15.0, "Hall.Air": 24.0}


def planned(formula: str, owner: str = "demo:Row", more: str = "") -> Virtuals:
    """One virtual point of an owner, beside the site's."""
    quoted = formula.replace('"', '\\"')
    return virtual_points(snapshot_of(f'{SITE} {owner} brick:hasPoint demo:V . demo:V dcx:formula "{quoted}" . {more}'), VOCABULARY)


def figure(formula: str, owner: str = "demo:Row", **poor: Quality) -> Figure:
    """What a formula gives while points read `READS`, and are as good as said (`R1_kW=BAD`), else good."""
    (virtual,) = planned(formula, owner).points
    names = [point.removeprefix(DEMO) for point in virtual.program.points]
    qualities = [poor.get(name.replace(".", "_"), GOOD) for name in names]
    return virtual.program.figure(np.array([READS[name] for name in names]), np.array(qualities, np.uint8))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3 - 8 / 4", 5.0),
        ("-(2 - 5)", 3.0),
        ('"demo:Hall.Air" * 9 / 5 + 32', 75.2),
        ('abs("demo:R1.kW" - "demo:R2.Input")', 1.5),
        ("sum(1, 2, 3) + mean(1, 3) + min(4, 5) + max(6, 7)", 19.0),
        ("sum(powerOf(this))", 4.0 + 5.5 + 2.0),  # a rack's own meter, the greater of two, and of R3 what stands in it
        ("itPower(this)", 11.5),
        ('sum(powerOf(parts(thing("demo:Hall"), "brick:ICT_Rack")))', 11.5),
        ('sum(powerOf(all("brick:Server")))', 5.0),
        ('pue(thing("demo:Hall"))', 15.0 / 11.5),
        ('mean(points(thing("demo:Hall"), "brick:Temperature_Sensor"))', 24.0),
        ("max(powerOf(parts(this)), 12)", 12.0),
    ],
)
def test_a_formula_gives_what_the_hand_works_out(formula: str, expected: float) -> None:
    """In kW where power is asked for, whatever unit the meters have; nothing counts twice."""
    found = figure(formula)

    assert found.value == pytest.approx(expected)
    assert (found.quality, found.coverage) == (GOOD, 1.0)


def test_a_figure_says_how_much_of_it_is_there() -> None:
    """Of three racks one is silent: two thirds. The PUE over it has as much, and neither is good. Stale is there, and not good."""
    assert figure("itPower(this)", R1_kW=AWAY) == Figure(7.5, UNCERTAIN, 2 / 3)
    assert figure("pue(this)", R1_kW=AWAY) == Figure(2.0, UNCERTAIN, 2 / 3)
    assert figure("itPower(this)", S3_kW=STALE) == Figure(11.5, UNCERTAIN, 1.0)
    assert figure("itPower(this)", R2_Input=BAD) == Figure(9.0 + 2.0, GOOD, 1.0)  # the rack's other meter is good
    assert isnan(figure("pue(this)", Utility_Power=BAD).value)


def test_what_is_not_metered_is_missing() -> None:
    """Two racks, one without any meter, in it or below: half."""
    more = "demo:Row2 a dcx:Rack_Row ; brick:hasPoint demo:V2 . demo:V2 dcx:formula 'itPower(this)' . demo:R8 a brick:ICT_Rack ; "
    more += "brick:hasLocation demo:Row2 . demo:R9 a brick:ICT_Rack ; brick:hasLocation demo:Row2 ; brick:hasPoint demo:R9.kW . "
    more += "demo:R9.kW a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW ."

    found = {v.point.removeprefix(DEMO): v for v in planned("1", more=more).points}["V2"].program

    assert found.points == (DEMO + "R9.kW",)
    assert found.figure(np.array([6.0]), np.array([GOOD], np.uint8)) == Figure(6.0, UNCERTAIN, 0.5)


def test_a_division_by_nothing_is_no_number() -> None:
    """No IT power: no PUE, and no crash."""
    assert isnan(figure("1 / (2 - 2)").value)
    assert figure("1 / (2 - 2)").quality == BAD


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("", "cannot be read"),
        ("1 +", "cannot be read"),
        ("__import__('os').system('id')", "is no number"),
        ("(lambda: 1)()", "is no number"),
        ("[1 for _ in range(9)]", "is no number"),
        ("2 ** 999999999", "is no number"),
        ("9" * 400, "is no number"),
        ("1e999", "is no number"),
        ("True", "is no number"),
        ("this", "is no number"),
        ("sum()", "no function that gives a number"),
        ("pue()", "no function that gives a number"),
        ("eval('1')", "no function that gives a number"),
        ("sum(powerOf(42))", "names no things"),
        ("sum(points(this))", "gives no points"),
        ("sum(1, key=2)", "is no number"),
        ("(" * 30 + "1" + ")" * 30 + "+ -" + "-" * 30 + "1", "levels of brackets"),
        ("1+" * 2000 + "1", "at most 2,000 characters"),
        ('"demo:Nobody"', "no point is called demo:Nobody"),
        ('sum(powerOf(thing("demo:Nobody")))', "nothing is called demo:Nobody"),
        ('sum(powerOf(all("brick:Nothing")))', "no class is called brick:Nothing"),
    ],
)
def test_a_formula_that_means_nothing_is_told_and_harms_no_other(formula: str, told: str) -> None:
    """It is never run; its point has no value; the next formula has one."""
    quoted = formula.replace('"', '\\"')
    found = virtual_points(
        snapshot_of(f'{SITE} demo:Row brick:hasPoint demo:V, demo:W . demo:V dcx:formula "{quoted}" . demo:W dcx:formula "1" .'), VOCABULARY
    )

    assert [virtual.point for virtual in found.points] == [DEMO + "W"]
    (finding,) = found.findings
    assert finding.point == DEMO + "V"
    assert told in finding.reason


def test_formulas_in_a_ring_are_told_and_what_stands_on_the_ring_stays() -> None:
    """A on B, B on A; C on A; D on itself."""
    site = (
        'demo:E brick:hasPoint demo:A, demo:B, demo:C, demo:D . demo:A dcx:formula "\\"demo:B\\"" . demo:B dcx:formula "\\"demo:A\\" + 1" .'
    )
    found = virtual_points(snapshot_of(site + 'demo:C dcx:formula "\\"demo:A\\"" . demo:D dcx:formula "-\\"demo:D\\"" .'), VOCABULARY)

    assert [virtual.point for virtual in found.points] == [DEMO + "C"]
    assert [each.reason.split(": ")[0] for each in found.findings] == [
        "the formula of demo:A stands on itself by way of demo:B",
        "the formula of demo:B stands on itself by way of demo:A",
        "the formula of demo:D stands on itself",
    ]


def test_a_point_of_nothing_cannot_say_this() -> None:
    """Whose it is is not said."""
    found = virtual_points(snapshot_of(SITE + 'demo:V dcx:formula "itPower(this)" .'), VOCABULARY)

    assert "nothing has this point" in found.findings[0].reason


@given(text=st.text(max_size=80) | st.from_regex(r"[a-z0-9+\-*/()\", .]{0,60}", fullmatch=True))
@tried(200)
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """Nothing else ever comes out."""
    with suppress(FormulaError):
        parse(text)


def test_the_guides_formulas_mean_something() -> None:
    """What is copied from it works: three virtual points and no finding."""
    guide = Path(__file__).parents[3] / "docs" / "guides" / "quality.md"
    turtle = re.findall(r"```turtle\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)[0]
    snapshot = Snapshot.of(read_stream(io.BytesIO(turtle.encode()), name="guide", format="turtle", source="guide"))

    found = virtual_points(snapshot, VOCABULARY)

    assert (len(found.points), found.findings) == (3, ())


def test_what_holds_what_is_the_same_asked_one_by_one_and_all_at_once() -> None:
    """Of every thing of the demo site."""
    snapshot = Snapshot.of(generate(racks=4))
    found = holding(snapshot)

    assert {thing: sorted(set(held_directly(snapshot, thing))) for thing in found} == found
    assert sum(map(len, found.values())) > 50
