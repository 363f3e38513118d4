"""The living plant: what it shows hangs together, and follows what is done to it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ontology.namespaces import BRICK, DEMO
from ontology.vocabulary import Vocabulary
from tests.simulation.conftest import NOON, Desk, Site, make_site
from twin.demo import physics
from twin.demo.plan import DESIGNS, plan_site


def imbalance(desk: Desk) -> float:
    """Sources minus IT, machines, losses and charging, kW."""
    plant = desk.plant
    machines = sum(float(kw.sum()) for kw in plant.climate.machine_kw.values())
    used = float(plant.device_kw.sum()) + machines + float(plant.lost_kw.sum()) + float(plant.charging_kw.sum())
    return plant.site_kw() - used


def test_every_point_of_the_site_has_a_finite_value(site: Site, desk: Desk) -> None:
    """No meter of the model is without its quantity."""
    relation = site.snapshot.relation(BRICK + "hasPoint")
    points = {site.snapshot.key(n) for n in relation.objects.tolist()}

    assert points == set(desk.plant.values())
    assert np.isfinite(list(desk.plant.values().values())).all()


@pytest.mark.parametrize("design", DESIGNS)
def test_what_the_site_takes_is_what_racks_and_machines_use_and_what_is_lost(vocabulary: Vocabulary, design: str) -> None:
    """In normal operation, on batteries, and on generators while batteries charge."""
    desk = Desk(make_site(vocabulary, 40, design))

    normal = imbalance(desk)
    for side in {"2N": "AB", "distributed": "ABC", "N+1": "A"}[design]:
        desk.opens(f"Main-Breaker-{side}")
    desk.run(5)
    on_battery, on_battery_flag = imbalance(desk), desk.reads("UPS-A.On-Battery")
    desk.run(10)
    on_generators = imbalance(desk)

    assert pytest.approx((normal, on_battery_flag, on_battery, on_generators), abs=1e-6) == (0.0, 1.0, 0.0, 0.0)


def test_meters_along_a_side_add_up(desk: Desk) -> None:
    """The UPS's output is the sum of its PDUs' inputs; the utilities' powers are the site's total."""
    pdus = ("PDU-H1-A1", "PDU-H1-A2", "PDU-H2-A1", "PDU-H2-A2")

    assert desk.reads("UPS-A.Output-Power") == pytest.approx(sum(desk.reads(f"{pdu}.Input-Power") for pdu in pdus))
    assert desk.reads("Utility-A.Power") + desk.reads("Utility-B.Power") == pytest.approx(desk.reads("Building.Total-Power"))
    assert desk.reads("Building.PUE") == pytest.approx(desk.reads("Building.Total-Power") / desk.reads("Building.IT-Power"))
    assert 1.1 < desk.reads("Building.PUE") < 1.8


def test_a_breaker_pulled_moves_the_load_to_the_other_cord(desk: Desk) -> None:
    """In a dual-corded rack without single-corded devices: what A carried, B carries; with B open too, nothing is left."""
    racks = plan_site(200, 1, "2N").racks
    rack = next(r.local for r in racks if len(r.lanes) == 2 and all(device.type.cords > 1 for device in r.devices))
    before = desk.reads(f"Rack-{rack}.Power")

    desk.opens(f"Breaker-{rack}-A")
    desk.run(1, 1)

    assert (desk.reads(f"RPDU-{rack}-A.Power"), desk.reads(f"Breaker-{rack}-A.Position")) == (0.0, 0.0)
    assert desk.reads(f"RPDU-{rack}-B.Power") == desk.reads(f"Rack-{rack}.Power") == pytest.approx(before, rel=0.02)
    desk.opens(f"Breaker-{rack}-B")
    desk.run(1, 1)
    assert (desk.reads(f"Rack-{rack}.Power"), desk.reads(f"RPDU-{rack}-B.Current")) == (0.0, 0.0)


def test_a_lost_utility_is_carried_by_batteries_until_the_generators_run(desk: Desk) -> None:
    """Ten seconds: then the transfer switch takes the generators, the batteries charge again and fuel goes."""
    desk.opens("Main-Breaker-A")

    desk.run(5)
    assert tuple(desk.reads(p) for p in ("UPS-A.Input-Power", "UPS-A.On-Battery", "ATS-A.Active-Source")) == (0.0, 1.0, 0.0)
    falling = desk.reads("Battery-A-1.State-Of-Charge")
    assert falling < 100
    desk.run(5)
    assert tuple(desk.reads(p) for p in ("ATS-A.Active-Source", "Generator-1.Running", "UPS-A.On-Battery")) == (2.0, 1.0, 0.0)
    desk.run(60)
    assert desk.reads("Battery-A-1.State-Of-Charge") > falling
    assert desk.reads("Fuel-Tank-1.Level") < 100
    assert desk.reads("UPS-B.Output-Power") > 0
    desk.closes("Main-Breaker-A")
    desk.run(310)
    assert (desk.reads("ATS-A.Active-Source"), desk.reads("Generator-1.Running")) == (1.0, 0.0)


def test_a_battery_falls_as_peukert_says_and_then_its_side_is_dark(desk: Desk) -> None:
    """After t seconds at a load that a full string carries T seconds, t/T of its charge is gone."""
    full = desk.reads("Battery-A-1.Runtime")
    desk.opens("Breaker-UPS-A-Input")

    desk.run(300)

    assert 100 - desk.reads("Battery-A-1.State-Of-Charge") == pytest.approx(100 * 300 / full, rel=0.05)
    desk.run(2 * full, 5)
    assert (desk.reads("UPS-A.Output-Power"), desk.reads("Battery-A-1.State-Of-Charge")) == (0.0, 0.0)
    assert desk.reads("UPS-B.Load") < 100


def test_the_tie_feeds_a_dead_bus_from_its_neighbour_and_no_bus_feeds_itself(desk: Desk) -> None:
    """With A's transfer switch out, switchgear A is dark; the tie closed, B carries both; B out as well, both are dark."""
    desk.plant.fail(DEMO + "ATS-A")
    desk.run(5)
    assert desk.reads("Switchgear-A.Voltage") == 0.0
    both = desk.reads("Utility-B.Power")

    desk.closes("Tie-AB")
    desk.run(5)
    assert desk.reads("Switchgear-A.Voltage") == 400.0
    assert desk.reads("Utility-B.Power") > both
    desk.plant.fail(DEMO + "ATS-B")
    desk.run(5)

    assert (desk.reads("Switchgear-A.Voltage"), desk.reads("Switchgear-B.Voltage")) == (0.0, 0.0)


def test_a_hall_that_loses_its_cooling_warms_at_the_rate_of_the_two_node_model(desk: Desk) -> None:
    """All air heat of the hall into 100 racks' air and solids, from 22 degrees: after 60 s as `two_node` says, to a tenth of a kelvin."""
    plant = desk.plant
    start = plant.climate.air_c.copy()
    solid = plant.climate.solid_c.copy()
    for board in "AB":
        desk.opens(f"Breaker-Mech-Board-{board}")

    desk.run(60)

    air_share = plant.rack_kw() - plant.devices.rack_sum(np.where(plant.devices.liquid_cooled, plant.device_kw * 0.75, 0.0))
    heat = physics.by_group(plant.climate.plant.rack_hall, air_share, len(start))
    expected, _ = physics.two_node(start, solid, heat, plant.climate.plant.racks_in_hall, 60.0)
    assert plant.devices.liquid_cooled.any()
    assert plant.climate.air_c == pytest.approx(expected, abs=0.1)
    assert desk.reads("Rack-R001.Inlet-Temperature") > 30
    assert desk.reads("CRAH-H1-01.Running") == 0.0


def test_servers_shut_down_when_the_air_is_too_hot_and_come_back(desk: Desk) -> None:
    """From 45 degrees at the inlet, the limit of ASHRAE A4, until the rest no longer heats the halls; cooling back, all is as before."""
    before = desk.reads("Building.IT-Power")
    for board in "AB":
        desk.opens(f"Breaker-Mech-Board-{board}")
    desk.run(600)
    assert desk.reads("Building.IT-Power") < 0.7 * before

    for board in "AB":
        desk.closes(f"Breaker-Mech-Board-{board}")
    desk.run(900)

    assert desk.reads("Building.IT-Power") == pytest.approx(before, rel=0.1)
    assert desk.reads("Hall-1.Air-Temperature") == pytest.approx(22, abs=0.5)


def test_the_spare_chiller_takes_over(desk: Desk) -> None:
    """Chiller 4 stands by; when chiller 1 fails, it comes to full capacity in two and a half minutes and the water hardly warms."""
    assert desk.reads("Chiller-4.Running") == 0.0

    desk.plant.fail(DEMO + "Chiller-1")
    desk.run(300)

    assert (desk.reads("Chiller-1.Running"), desk.reads("Chiller-4.Running")) == (0.0, 1.0)
    assert desk.reads("CHW-Loop-1.Supply-Temperature") == pytest.approx(16, abs=0.5)


def test_a_setpoint_written_moves_the_air(desk: Desk) -> None:
    """All CRAHs of hall 1 at 25 degrees: the hall follows, hall 2 does not."""
    crahs = sorted(p for p in desk.plant.values() if p.startswith(DEMO + "CRAH-H1-") and p.endswith(".Supply-Setpoint"))

    for point in crahs:
        desk.plant.write(point, 25.0)
    assert {25.0} == {desk.plant.values()[point] for point in crahs}
    desk.run(900)

    assert desk.reads("Hall-1.Air-Temperature") == pytest.approx(25, abs=0.3)
    assert desk.reads("Hall-2.Air-Temperature") == pytest.approx(22, abs=0.3)
    assert desk.reads("CRAH-H1-01.Active-Supply-Setpoint") == 25.0


@pytest.mark.parametrize(
    ("point", "value", "reason"),
    [
        ("CRAH-H1-01.Supply-Setpoint", 60.0, "15 to 32"),
        ("Breaker-R001-A.Position", 0.5, "0 .open. or 1 .closed."),
        ("UPS-A.Load", 5.0, "cannot be written"),
        ("No-Such-Point", 1.0, "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_not_written(desk: Desk, point: str, value: float, reason: str) -> None:
    """The plant says why, as a device would answer with an exception."""
    with pytest.raises(ValueError, match=reason):
        desk.plant.write(DEMO + point, value)


def test_equal_seeds_and_steps_give_equal_values_and_other_seeds_others(site: Site) -> None:
    """Ten steps of two plants."""
    one, two, other = Desk(site, 7), Desk(site, 7), Desk(site, 8)

    for desk in (one, two, other):
        desk.run(50)

    assert dict(one.plant.values()) == dict(two.plant.values())
    assert dict(one.plant.values()) != dict(other.plant.values())


def test_the_load_follows_the_day(site: Site) -> None:
    """The site draws more in the afternoon than at night."""
    day, night = Desk(site), Desk(site)
    night.now = NOON.replace(hour=3)

    day.run(5)
    night.run(5)

    assert day.reads("Building.IT-Power") > 1.05 * night.reads("Building.IT-Power")


def test_a_step_of_two_hundred_racks_takes_far_less_than_50_ms(desk: Desk) -> None:
    """Mean of twenty steps; about one millisecond on an idle machine."""
    begin = time.perf_counter()

    desk.run(20, 1)

    assert (time.perf_counter() - begin) / 20 < 0.05
