"""On a large site the readings that loads rest on are taken beside the questions, and an answer names when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.changes import ChangeSet
from ontology.terms import QuadBlock
from tests.analytics.sites import SITE
from tests.twin.test_live_loads import Meters
from twin.state import POWER_READ_ALWAYS


@pytest.fixture
def large() -> Meters:
    """The twin with three meters that speak, and as many that do not as make it a large site."""
    silent = (f":M{n} a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW ; brick:isPointOf :R ." for n in range(POWER_READ_ALWAYS))
    return Meters("\n".join(silent))


def test_questions_stand_on_the_readings_before_until_those_after_are_rolled_up(large: Meters) -> None:
    """130 kW trip B. 80 kW, read a second later, are not asked for by a question; 10 s after the first the service takes them."""
    large.say(A=65.0, B=65.0, R=130.0)
    large.twin.renew_loads()
    heavy, at_once = large.fail_a()

    large.say(A=40.0, B=40.0, R=80.0)
    large.twin.renew_loads()
    still_heavy, later = large.fail_a()
    large.now += timedelta(seconds=10)
    large.twin.renew_loads()
    light, _ = large.fail_a()

    assert heavy == still_heavy == [(SITE + "B", 130.0)]
    assert at_once == ("loads in kW rest on good readings of 3; all else carries the sum of what it feeds",)
    assert later == ("loads in kW rest on good readings (taken at 02:40:01 UTC) of 3; all else carries the sum of what it feeds",)
    assert light == []


def test_without_the_service_a_question_takes_readings_older_than_half_a_minute_anew(large: Meters) -> None:
    """130 kW, read by the first question; 80 kW are told by one that comes 31 s later."""
    large.say(A=65.0, B=65.0, R=130.0)
    heavy, _ = large.fail_a()

    large.say(A=40.0, B=40.0, R=80.0)
    large.now += timedelta(seconds=30)

    assert heavy == [(SITE + "B", 130.0)]
    assert large.fail_a()[0] == []


def test_a_change_of_the_model_that_touches_no_meter_keeps_the_readings(large: Meters) -> None:
    """The next revision's questions stand on what was read for the one before."""
    large.say(A=65.0, B=65.0, R=130.0)
    large.twin.renew_loads()
    before = large.twin.newest.conditions()

    large.twin.replace(large.twin.snapshot, ChangeSet(QuadBlock.empty(), QuadBlock.empty()))

    assert large.twin.newest.conditions().power_kw is before.power_kw
