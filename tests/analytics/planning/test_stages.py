"""As much fits behind shared cooling as a program with a row for every unit in every state says."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog  # type: ignore[import-untyped]  # it ships no types

from analytics.planning.place import Kind
from analytics.planning.stranded import stranded
from analytics.supply import compile_supply
from tests.analytics.sites import NOW, SITE, snapshot_of, vocabulary
from tests.support.random_cases import tried

KW = "brick:hasUnit unit:KiloW"


class Cooled:
    """Some racks on power enough, air handlers that share them at random, and chillers that share these."""

    def __init__(self, seed: int) -> None:
        pick = random.Random(seed)
        self.capacity = {
            f"{kind}{n}": float(pick.randint(1, 20)) for kind, most in (("C", 4), ("H", 3)) for n in range(pick.randint(1, most))
        }
        crahs = [name for name in self.capacity if name.startswith("C")]
        chillers = [name for name in self.capacity if name.startswith("H")]
        self.behind = {crah: pick.sample(chillers, pick.randint(0, len(chillers))) for crah in crahs}
        self.air = {f"R{n}": pick.sample(crahs, pick.randint(1, len(crahs))) for n in range(pick.randint(1, 4))}
        self.heat = {rack: float(pick.choice((0, 0, 1, 3))) for rack in self.air}

    def turtle(self) -> str:
        """The site."""
        racks = ", ".join(f":{rack}" for rack in self.air)
        lines = [f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :P{n} . :P{n} a dcx:PDU ; dcx:feedsPower {racks} ." for n in "AB"]
        lines += [f":P{n} dcx:ratedPower [ brick:value 10000 ; {KW} ] ." for n in "AB"]
        lines += [f":{name} brick:coolingCapacity [ brick:value {kw} ; {KW} ] ." for name, kw in self.capacity.items()]
        lines += [f":{name} a {'brick:CRAH' if name.startswith('C') else 'brick:Air_Cooled_Chiller'} ." for name in self.capacity]
        lines += [f":{chiller} dcx:feedsLiquidCooling :{crah} ." for crah, of in self.behind.items() for chiller in of]
        for rack, of in self.air.items():
            lines.append(f":{rack} a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {self.heat[rack]} ; {KW} ] .")
            lines += [f":{crah} dcx:feedsAirCooling :{rack} ." for crah in of]
        return " ".join(lines)

    def outages(self) -> list[set[str]]:
        """Nothing; then each unit, with the air handlers of which it is the only chiller."""
        return [set(), *({unit, *(crah for crah, of in self.behind.items() if of == [unit])} for unit in self.capacity)]

    def stages(self, rack: str) -> list[set[str]]:
        """The air handlers of a rack, then the chillers of these."""
        return [stage for stage in (set(self.air[rack]), {unit for crah in self.air[rack] for unit in self.behind[crah]}) if stage]

    def most_kw(self) -> float:
        """What fits in all, every unit in every state written down; one that is above its capacity anyway may stay so."""
        rows, left = [], []
        for unit, kw in self.capacity.items():
            parts = [[self._part(unit, rack, out) for rack in self.air] for out in self.outages() if unit not in out]
            now = [float(np.dot(row, list(self.heat.values()))) for row in parts]
            rows += parts
            left += [max(kw, *now) - load for load in now]
        return -float(linprog(-np.ones(len(self.air)), A_ub=rows, b_ub=left, bounds=(0, 1e5), method="highs").fun)

    def _part(self, unit: str, rack: str, out: set[str]) -> float:
        return sum(1.0 / len(stage - out) for stage in self.stages(rack) if unit in stage)


@tried(60)
@given(seed=st.integers(0, 2**32))
def test_as_much_fits_behind_shared_cooling_as_a_program_of_all_rows_says(seed: int) -> None:
    """Any racks, air handlers and chillers: the sum is that of the program, and one more unit anywhere never takes any of it away."""
    site = Cooled(seed)
    snapshot = snapshot_of(site.turtle())

    found = stranded(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW)

    assert found.complete
    assert found.racks == len(site.air)
    assert found.placeable_kw == pytest.approx(site.most_kw(), rel=1e-5, abs=2e-3)
    assert found.surviving_kw <= found.placeable_kw + 2e-3
    assert all(each.more_kw >= -2e-3 for each in found.one_more)
    assert {each.id.removeprefix(SITE) for each in found.feeders if each.kind is Kind.COOLING} == {
        unit for rack in site.air for stage in site.stages(rack) for unit in stage
    }
