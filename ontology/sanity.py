"""What is surely wrong in a supply model, though every shape lets it pass.

Rules of this file:

1. Only what no reading of the model makes right is said. Where a fact could mean something else (a plain `brick:feeds` may be any medium,
   a 223P connection point any number of suppliers), it is taken to mean that.
2. A rule looks a few steps far (`paths`), so that it can be asked again about what a change touches. What follows chains of any length
   (`chain_findings`, `ontology/rings.py`) is asked about whole models alone.

The rules, each with its example: docs/guides/validation.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import fsum, sqrt

from ontology.errors import UnitError
from ontology.findings import Finding, Severity
from ontology.media import FEEDS_IN, POWER
from ontology.model_table import ModelTable
from ontology.namespaces import BRICK, DCX, RDF, S223, compact, local_name
from ontology.terms import QuadBlock, is_literal
from ontology.units import Unit, conversion
from ontology.vocabulary import Vocabulary

_ALLOCATED = DCX + "allocatedPower"
_CAPACITIES = (DCX + "ratedPower", BRICK + "ratedPowerOutput", DCX + "ratedApparentPower", BRICK + "ratedApparentPower")
_CURRENTS = (DCX + "breakerRating", BRICK + "ratedCurrentOutput")
_VOLTAGES = (BRICK + "ratedVoltageOutput", BRICK + "ratedVoltageInput")
_ONE_CORD = (DCX + "Power_Supply_Unit", DCX + "Outlet", DCX + "Power_Port")
_JOINS_SIDES = (BRICK + "Transfer_Switch", DCX + "Tie_Breaker", DCX + "Maintenance_Bypass", DCX + "Static_Bypass")
_PARTS = ((BRICK + "isPartOf", False), (BRICK + "hasPart", True), (DCX + "mountedIn", False))
"""Steps to what a node is part of."""
_CONNECTED = tuple(
    (S223 + name, backward)
    for name, backward in (
        ("hasConnectionPoint", False),
        ("isConnectionPointOf", True),
        ("connectsTo", True),
        ("cnx", False),
        ("cnx", True),
    )
)
_POSITION = tuple(DCX + name for name in ("uPosition", "rackUnits", "uFace"))
_RATINGS = (*((each, ("unit:KiloW", "unit:KiloV-A")) for each in _CAPACITIES), *((each, ("unit:A",)) for each in _CURRENTS))
"""With the units that each may be in."""
BEHIND = "rating-below-loads-behind"
_KILOWATT = "unit:KiloW"
_TYPE = RDF + "type"
_NORMALLY = DCX + "normalPosition"
_ROUNDING = 1.000001

Step = tuple[str, bool]


def paths(vocabulary: Vocabulary) -> list[tuple[Step, ...]]:
    """What these rules read from the node that they judge (`ontology/reach.py`)."""
    supplies = _supply_steps(vocabulary)
    onward = [(name, not backward) for name, backward in supplies]
    parts = [*_PARTS, *((name, not backward) for name, backward in _PARTS)]
    quantity = [((name, False),) for name in (*_CAPACITIES, *_CURRENTS, *_VOLTAGES, _ALLOCATED)]
    read: list[tuple[Step, ...]] = [(step,) for step in (*supplies, *onward, *parts)]
    read += [(*path, (BRICK + name, False)) for path in quantity for name in ("value", "hasUnit")]
    read += [((step), (_ALLOCATED, False), (BRICK + name, False)) for step in onward for name in ("value", "hasUnit")]
    read += [(step, farther) for step in (*onward, *parts) for farther in supplies]
    read += [(step, (DCX + "feedSide", False)) for step in supplies]
    read += [(step, (_TYPE, False)) for step in supplies]
    read += [((DCX + "mountedIn", True), (name, False)) for name in _POSITION]
    read += [((DCX + "requires", False), (DCX + name, False)) for name in ("medium", "atLeast", "among")]
    return read


def _supply_steps(vocabulary: Vocabulary) -> list[Step]:
    """Every step to what may supply a node, in any medium."""
    feeds = [(iri, True) for iri in sorted(vocabulary.subproperties(BRICK + "feeds"))]
    return [*feeds, (BRICK + "isFedBy", False), (DCX + "ties", True), (DCX + "ties", False), (DCX + "hasMember", False), *_CONNECTED]


def sanity_findings(block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    """What is surely wrong, in no particular order. Cost: one sort of the facts, then linear in what the rules are about."""
    if len(block) == 0:
        return []
    model = _Model(ModelTable(block, vocabulary))
    return [
        *model.loads(),
        *model.ratings(),
        *model.unusable(),
        *model.differing(),
        *model.sides(),
        *model.requirements(),
        *model.switches(),
        *model.strangers(),
        *model.positions(),
    ]


def chain_findings(block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    """What only chains of any length show, of a whole model. Cost: as `sanity_findings`."""
    return [] if len(block) == 0 else list(_Model(ModelTable(block, vocabulary)).chains())


class _Model:
    """A model under examination."""

    def __init__(self, table: ModelTable) -> None:
        self._table = table
        self._steps = _supply_steps(table.vocabulary)

    # -- who supplies whom ----------------------------------------------------------------------------------------

    def _near(self, node: int, steps: list[Step] | tuple[Step, ...]) -> set[int]:
        table = self._table
        found = (other for name, backward in steps for other in (table.into(name) if backward else table.out(name)).get(node, ()))
        return {other for other in found if other != node}

    def _suppliers(self, node: int, medium: str) -> set[int]:
        """All that may supply a node in a medium: by feeds of that medium or of none, ties, members, what it is part of."""
        other = {(iri, True) for prop, named in FEEDS_IN.items() if named != medium for iri in self._below(prop)}
        return self._near(node, [step for step in (*self._steps, *_PARTS) if step not in other and step not in _CONNECTED])

    def _below(self, prop: str) -> frozenset[str]:
        return self._table.vocabulary.subproperties(prop)

    def _name(self, node: int) -> str:
        return compact(self._table.terms[node])

    # -- the rules ------------------------------------------------------------------------------------------------

    def loads(self) -> Iterator[Finding]:
        """Something that is planned to draw power, and that nothing feeds, nor what it is part of, nor what is part of it."""
        table, vocabulary = self._table, self._table.vocabulary
        inward = tuple((name, not backward) for name, backward in _PARTS)
        for node in table.out(_ALLOCATED):
            around = {node, *self._near(node, _PARTS), *self._near(node, inward)}
            types = [table.terms[cls] for cls in table.out(_TYPE).get(node, ())]
            source = any(POWER in vocabulary.supply.source_of(cls) for cls in types) or "true" in table.texts(node, DCX + "isSource")
            if source or table.is_a(node, BRICK + "ICT_Rack") or any(self._near(n, self._steps) for n in around):
                continue
            yield Finding(
                Severity.WARNING,
                "load-without-source",
                table.terms[node],
                "it draws power (dcx:allocatedPower) and nothing feeds it, so that no failure would reach it",
                "say what feeds it: `<outlet, breaker or board> dcx:feedsPower <it>`",
                _ALLOCATED,
            )

    def ratings(self) -> Iterator[Finding]:
        """More power is planned for what a node alone feeds than the node is rated for."""
        for node, loads in sorted(self._fed().items()):
            capacity = self._capacity_kw(node)
            if capacity is None:
                continue
            alone = [load for load in sorted(loads) if self._feeds_alone(node, load)]
            planned = fsum(self._planned_kw(load) for load in alone)
            if planned > capacity * _ROUNDING:
                yield Finding(
                    Severity.ERROR,
                    "rating-below-load",
                    self._table.terms[node],
                    f"it is rated for {capacity:.6g} kW and alone feeds loads of {planned:.6g} kW (dcx:allocatedPower)",
                    "correct the rating or the planned loads, or say what else feeds these loads",
                    DCX + "feedsPower",
                    len(alone),
                )

    def unusable(self) -> Iterator[Finding]:
        """A rating of 0, or in a unit of another kind: it limits nothing. What is no number, below 0 or without a unit, a shape tells."""
        table = self._table
        for predicate, units in _RATINGS:
            for node in table.out(predicate):
                stated = [amount for amount, _ in table.quantities(node, predicate)]
                usable = [value for unit in units for value in _in_unit(table, node, (predicate,), unit)]
                if stated and min(stated) >= 0 and not any(value > 0 for value in usable):
                    why = "a rating of 0" if usable else "a rating in a unit of another kind"
                    yield Finding(
                        Severity.ERROR,
                        "rating-limits-nothing",
                        table.terms[node],
                        f"{why} ({compact(predicate)}): it counts as none stated, so that nothing here is ever overloaded",
                        "state what it may carry, above 0, in kW or kVA, of a current in A; or take the rating out",
                        predicate,
                    )

    def differing(self) -> Iterator[Finding]:
        """Ratings by one property that differ, whoever says them."""
        table = self._table
        for predicate, units in _RATINGS:
            for node, stated in table.out(predicate).items():
                if len(stated) == 1:
                    continue
                each = [{float(f"{value:.12g}") for value in _in_unit(table, node, (predicate,), unit) if value > 0} for unit in units]
                if any(len(figures) > 1 for figures in each):
                    yield Finding(
                        Severity.WARNING,
                        "ratings-differ",
                        table.terms[node],
                        f"it states several {compact(predicate)} that differ: the smallest counts",
                        "keep the one that is right; what another source says is withdrawn there",
                        predicate,
                    )

    def switches(self) -> Iterator[Finding]:
        """A position of what is no switch."""
        table, supply = self._table, self._table.vocabulary.supply
        for node in table.out(_NORMALLY):
            types = [table.terms[cls] for cls in table.out(_TYPE).get(node, ())]
            if types and not any(supply.is_switch(cls) for cls in types):
                yield Finding(
                    Severity.WARNING,
                    "position-of-no-switch",
                    table.terms[node],
                    "it states a dcx:normalPosition, and its class is no switch: the position is left out",
                    "give it a class that can be opened, such as brick:Circuit_Breaker, or take the position out",
                    _NORMALLY,
                )

    def strangers(self) -> Iterator[Finding]:
        """Something that is fed in a medium, and of which nothing else is said: a slip in its name, most likely."""
        table = self._table
        media = sorted(set().union(*(self._below(prop) for prop in FEEDS_IN)))
        fed = {other: name for name in media for others in table.out(name).values() for other in others}
        for node in sorted(fed):
            if is_literal(table.terms[node]) or table.says(node):
                continue
            yield Finding(
                Severity.WARNING,
                "fed-and-not-described",
                table.terms[node],
                "it is fed, and nothing is said of it, not even a class: it counts as a thing of its own that needs any one supplier",
                "correct its name where it is fed, or say what it is",
                fed[node],
            )

    def chains(self) -> Iterator[Finding]:
        """More power is planned for what hangs on a node alone, through others that do so too, than the node is rated for. What `ratings`
        tells is not told again."""
        capacities = {node: kilowatts for node in self._fed() if (kilowatts := self._capacity_kw(node)) is not None}
        if not capacities:
            return
        alone = {node: [load for load in sorted(loads) if self._feeds_alone(node, load)] for node, loads in self._fed().items()}
        behind = self._behind_kw(alone)
        for node, capacity in sorted(capacities.items()):
            most = capacity * _ROUNDING
            if behind[node] > most and fsum(self._planned_kw(load) for load in alone[node]) <= most:
                yield Finding(
                    Severity.ERROR,
                    BEHIND,
                    self._table.terms[node],
                    f"it is rated for {capacity:.6g} kW, and the loads behind it that it alone feeds, through others, come to "
                    f"{behind[node]:.6g} kW (dcx:allocatedPower)",
                    "correct the rating or the planned loads, or say what else feeds these loads",
                    DCX + "feedsPower",
                    len(alone[node]),
                )

    def _behind_kw(self, alone: Mapping[int, Sequence[int]]) -> dict[int, float]:
        """The power that is planned behind each node: of what it alone feeds the plan, or what is behind that if it is more. Each node has
        at most one that feeds it alone; those that do so in a ring count as nothing."""
        above = {load: node for node, loads in alone.items() for load in loads}
        open_loads = {node: len(loads) for node, loads in alone.items()}
        behind = dict.fromkeys(alone, 0.0)
        ready = [node for node in sorted({*alone, *above}) if not open_loads.get(node)]
        while ready:
            node = ready.pop()
            feeder = above.get(node)
            if feeder is not None:
                behind[feeder] += max(self._planned_kw(node), behind.get(node, 0.0))
                open_loads[feeder] -= 1
                if not open_loads[feeder]:
                    ready.append(feeder)
        return behind

    def _fed(self) -> dict[int, set[int]]:
        """What each node feeds with power."""
        fed: dict[int, set[int]] = defaultdict(set)
        for name in sorted(self._below(DCX + "feedsPower")):
            for node, others in self._table.out(name).items():
                fed[node].update(other for other in others if other != node)
        return fed

    def _feeds_alone(self, node: int, load: int) -> bool:
        """Whether nothing else may supply a load of the node with power. What stores energy bridges time, and is no other supplier."""
        others = self._suppliers(load, POWER) - {node}
        return not self._near(load, _CONNECTED) and all(self._stores(other) for other in others)

    def _stores(self, node: int) -> bool:
        table = self._table
        return any(table.vocabulary.supply.is_storage(table.terms[cls]) for cls in table.out(_TYPE).get(node, ()))

    def _planned_kw(self, load: int) -> float:
        return max(_in_unit(self._table, load, (_ALLOCATED,), _KILOWATT), default=0.0)

    def _capacity_kw(self, node: int) -> float | None:
        """The most that a node can give by any of its ratings. An apparent power bounds the active one; a current with a voltage is
        taken for three phases."""
        units = (_KILOWATT, "unit:KiloV-A")
        stated = [value for unit in units for value in _in_unit(self._table, node, _CAPACITIES, unit) if value > 0]
        amperes, volts = _in_unit(self._table, node, _CURRENTS, "unit:A"), _in_unit(self._table, node, _VOLTAGES, "unit:V")
        if amperes and volts:
            stated.append(sqrt(3) * max(volts) * max(amperes) / 1000)
        return max(stated, default=None)

    def sides(self) -> Iterator[Finding]:
        """A cord of side A that side B feeds, or one cord in both."""
        table = self._table
        side = {node: frozenset(t.strip().upper() for t in table.texts(node, DCX + "feedSide")) for node in table.out(DCX + "feedSide")}
        fed: dict[int, set[int]] = defaultdict(set)
        for name in sorted(self._below(DCX + "feedsPower") | {BRICK + "feeds"}):
            for node in side:
                for load in table.out(name).get(node, ()):
                    fed[load].add(node)
        for load, feeders in sorted(fed.items()):
            if table.is_a(load, *_JOINS_SIDES):
                continue
            own, ordered = side.get(load, frozenset()), sorted(feeders, key=table.terms.__getitem__)
            wrong = [node for node in ordered if own and side[node] and not own & side[node]]
            if wrong:
                message = f"it is of side {_sides(own)} and is fed by {self._name(wrong[0])} of side {_sides(side[wrong[0]])}"
            elif self._has_one_cord(load) and not frozenset.intersection(*(side[node] for node in ordered)):
                message = f"it has one cord, and is fed from side {_sides(frozenset.union(*(side[node] for node in ordered)))}"
            else:
                continue
            remedy = "plug it into one side: correct dcx:feedSide, or what feeds it; what joins two sides is a transfer switch"
            yield Finding(Severity.ERROR, "cord-into-two-sides", table.terms[load], message, remedy, DCX + "feedSide", len(feeders))

    def _has_one_cord(self, node: int) -> bool:
        return self._table.is_a(node, *_ONE_CORD) or self._table.wholes(node, DCX + "cordCount") == [1]

    def requirements(self) -> Iterator[Finding]:
        """More suppliers are needed than there are."""
        table = self._table
        for node, needs in table.out(DCX + "requires").items():
            if self._near(node, _CONNECTED):
                continue
            for need in sorted(needs, key=table.terms.__getitem__):
                for medium in table.out(DCX + "medium").get(need, ()):
                    among = set(table.out(DCX + "among").get(need, ()))
                    able = self._suppliers(node, table.terms[medium])
                    there = {other for other in (able & among if among else able) if not is_literal(table.terms[other])}
                    wanted = max(table.wholes(need, DCX + "atLeast"), default=0)
                    if wanted > len(there):
                        of = local_name(table.terms[medium])
                        has = f"{len(there)} among those named" if among else f"{len(there)}"
                        message = f"it needs {wanted} suppliers of {of} and has {has}: it is never supplied"
                        remedy = "lower dcx:atLeast, or say what else supplies it"
                        code = "requirement-never-holds"
                        yield Finding(Severity.ERROR, code, table.terms[node], message, remedy, DCX + "requires")

    def positions(self) -> Iterator[Finding]:
        """Two devices in one place of a rack, or one above its top."""
        table = self._table
        for rack, devices in table.into(DCX + "mountedIn").items():
            taken = sorted(place for device in devices if (place := self._place(device)) is not None)
            for at, (low, high, name, face) in enumerate(taken):
                for other_low, _, other, other_face in taken[at + 1 :]:
                    if other_low > high:
                        break
                    if face == other_face:
                        yield Finding(
                            Severity.ERROR,
                            "rack-position-used-twice",
                            table.terms[rack],
                            f"unit {other_low} is taken by {compact(name)} and by {compact(other)}",
                            "correct dcx:uPosition or dcx:rackUnits of one, or say on which dcx:uFace each is mounted",
                            DCX + "uPosition",
                            2,
                        )
                height = max(table.wholes(rack, DCX + "rackUnits"), default=0)
                if 0 < height < high:
                    message = f"{compact(name)} takes units {low} to {high} of a rack of {height}"
                    remedy = "correct dcx:uPosition or dcx:rackUnits, of the device or of the rack"
                    yield Finding(Severity.ERROR, "position-above-the-rack", table.terms[rack], message, remedy, DCX + "uPosition")

    def _place(self, device: int) -> tuple[int, int, str, str] | None:
        """The lowest and highest unit that a device takes, its key, and its face; None where it takes none or does not say."""
        table = self._table
        lowest, units = table.wholes(device, DCX + "uPosition"), table.wholes(device, DCX + "rackUnits")
        if len(lowest) != 1 or lowest[0] < 1 or units == [0]:
            return None
        height = units[0] if len(units) == 1 else 1
        face = "".join(table.texts(device, DCX + "uFace")).strip().lower()
        return lowest[0], lowest[0] + height - 1, table.terms[device], face


def _in_unit(table: ModelTable, node: int, predicates: tuple[str, ...], wanted: str) -> list[float]:
    stated = (quantity for predicate in predicates for quantity in table.quantities(node, predicate))
    return [value for amount, unit in stated if (value := _converted(amount, unit, wanted)) is not None]


def _converted(amount: float, unit: Unit, wanted: str) -> float | None:
    try:
        scale, offset = conversion(f"unit:{unit.name}", wanted)
    except UnitError:
        return None
    return amount * scale + offset


def _sides(sides: frozenset[str]) -> str:
    return " and ".join(sorted(sides))
