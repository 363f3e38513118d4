"""A requirement by capacity holds exactly while the ratings of what is live come to it."""

from __future__ import annotations

from itertools import chain, combinations
from math import fsum

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.capacity.required import counts
from tests.analytics.sites import fail, site, told
from tests.support.random_cases import tried


@tried(100)
@given(ratings=st.lists(st.sampled_from([50.0, 100.0, 250.0, 400.0]), min_size=1, max_size=6), needed=st.floats(0, 1500))
@example(ratings=[100.0], needed=6e-8)  # so little is still more than nothing
def test_the_counts_hold_for_exactly_the_sets_that_are_enough(ratings: list[float], needed: float) -> None:
    """Every set of live suppliers is tried."""
    gates = counts(ratings, needed)

    assert gates is not None
    every = range(len(ratings))
    for live in chain.from_iterable(combinations(every, size) for size in range(len(ratings) + 1)):
        enough = fsum(ratings[at] for at in live) >= needed - 1e-9
        assert enough == all(len(set(live) & set(of)) >= at_least for at_least, of in gates)


def test_what_cannot_be_computed_is_said() -> None:
    """An unknown rating, or thirteen unequal ones."""
    assert counts([100.0, float("inf")], 100) is None
    assert counts([100.0] * 12 + [50.0], 300) is None


def chillers(needed: float) -> str:
    """Chillers of 400, 400 and 800 kW that together give a loop what it needs."""
    each = " ".join(
        f":C{n} a brick:Air_Cooled_Chiller ; dcx:ratedPower [ brick:value {kw} ; brick:hasUnit unit:KiloW ] ."
        for n, kw in ((1, 400), (2, 400), (3, 800))
    )
    feeds = ":C1 dcx:feedsLiquidCooling :Loop . :C2 dcx:feedsLiquidCooling :Loop . :C3 dcx:feedsLiquidCooling :Loop ."
    need = f"dcx:requires [ dcx:medium dcx:LiquidCooling ; dcx:atLeastCapacity [ brick:value {needed} ; brick:hasUnit unit:KiloW ] ]"
    return f"{each} {feeds} :Loop a brick:Chilled_Water_Loop ; {need} ; dcx:feedsLiquidCooling :R . :R a brick:ICT_Rack ."


def test_a_loop_that_needs_1000_kw_stands_the_loss_of_a_small_chiller_and_not_of_the_large_one() -> None:
    """400 + 800 = 1200 are enough, 400 + 400 = 800 are not."""
    graph = site(chillers(1000))

    assert told(fail(graph, "C1"))["Loop LiquidCooling"] == "NO_REDUNDANCY"
    assert told(fail(graph, "C3"))["Loop LiquidCooling"] == "LOST"
    assert fail(graph, "C1").assumed == ()


@pytest.mark.parametrize(("needed", "lost"), [(800, "C1 C2 C3"), (801, "C3"), (1600, "C1"), (1601, "")])
def test_the_smallest_loss_that_is_too_much(needed: float, lost: str) -> None:
    """800 kW stand any one loss, even of C3; 801 not of C3; 1600 need all; 1601 are never there, so nothing can be lost."""
    graph = site(chillers(needed))
    names = lost.split() or ["C1"]

    outcome = told(fail(graph, *names)).get("Loop LiquidCooling")

    assert outcome == ("LOST" if lost else None)
    if needed == 800:
        assert told(fail(graph, "C3"))["Loop LiquidCooling"] != "LOST"
