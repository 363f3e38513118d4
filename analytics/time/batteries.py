"""What stores of energy a model has, and how long they carry what they feed: batteries, flywheels, fuel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

import numpy as np

from analytics.supply_graph import Flags
from analytics.time.behind import Behind
from analytics.time.stated import Stated
from analytics.time.table import Kind, Row
from ontology.media import POWER
from ontology.namespaces import BRICK, DCX, UNIT, compact
from ontology.terms import Ids

BATTERY = BRICK + "Battery"
GROUP = DCX + "Redundancy_Group"
UPS = DCX + "UPS"
TANK = DCX + "Fuel_Tank"
EXPONENT_MAX = 1.35
"""The greatest exponent that is taken for a battery (`ontology/supply.ttl`)."""
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Law:
    """How long a store carries: `seconds` at `at_kw`, by a power law; worse and better end each."""

    seconds: Ends
    at_kw: Ends
    exponent: Ends


@dataclass(frozen=True, slots=True)
class Strings:
    """The stores behind one node, each with its law (None: nothing is known), and what the node states of itself, if anything."""

    node: int
    rated_kw: float
    own: Law | None
    each: tuple[tuple[Behind, Law | None], ...]

    def without(self, out: frozenset[str]) -> Strings:
        """What still stands behind the node while some things (IRIs) are out. What it states of itself is stated of all of them, in equal
        parts."""
        each = tuple((behind, law) for behind, law in self.each if behind.holds(out))
        if len(each) == len(self.each):
            return self
        return replace(self, each=each, own=None if self.own is None or not each else _part(self.own, len(each) / len(self.each)))

    def law(self) -> Law | None:
        """How long they carry the node together."""
        return self.own or _together([law for _, law in self.each])


@dataclass(frozen=True, slots=True)
class PowerStores:
    """All that carries power."""

    strings: tuple[Strings, ...] = ()
    by_class: tuple[Row, ...] = ()
    medium: int = 0

    def rows(self, out: frozenset[str] = frozenset()) -> list[Row]:
        """The stores while some things (IRIs) are out, in order of nodes."""
        left = [each.without(out) for each in self.strings]
        bank = _banks({of.node: [behind.storage for behind, _ in of.each] for of in left if of.own is None})
        rows = list(self.by_class)
        for of in left:
            law = of.law()
            if law is not None:
                source = -1 if of.own is not None else of.each[0][0].storage
                rows.append(_row(of.node, self.medium, source, law, of.rated_kw)._replace(bank=bank.get(of.node, (-1, -1))))
        return sorted(rows, key=lambda row: row.node)

    def reached_by(self) -> frozenset[str]:
        """All that takes a store away where it is out."""
        return frozenset(iri for of in self.strings for behind, _ in of.each for path in behind.paths for iri in path)


def power_stores(stated: Stated, behind: Sequence[Behind], standby: set[int]) -> PowerStores:
    """What carries power: what a node states of itself, else the stores behind it together, else, of a UPS that has no module with a
    store of its own, what its class says."""
    graph = stated.graph
    power = graph.media.index(POWER)
    fed = np.unique(
        np.concatenate((graph.edges.target[graph.edges.medium == power], graph.requirements.node[graph.requirements.medium == power]))
    )
    rated = dict(
        zip(fed.tolist(), np.nan_to_num(stated.number(DCX + "ratedPower", stated.terms[fed], UNIT + "KiloW")).tolist(), strict=True)
    )
    seconds = np.stack(stated.value(DCX + "ridethroughSeconds", fed, by_class=False))
    exponent, health = (stated.default(BATTERY, DCX + of) for of in ("peukertExponent", "stateOfHealth"))
    own = {
        node: _at_rating((low, high), (rated[node],) * 2, exponent, health)
        for node, low, high in zip(fed.tolist(), *seconds.tolist(), strict=True)
        if not np.isnan(low)
    }
    for of in ("peukertExponent", "stateOfHealth"):
        stated.take(BATTERY, DCX + of, np.array(sorted(own), dtype=np.int32))
    at: dict[int, list[Behind]] = {node: [] for node in own}
    for each in behind:
        if each.node in rated and each.node not in standby:
            at.setdefault(each.node, []).append(each)
    sharing = {node: [each.storage for each in every] for node, every in at.items() if node not in own}
    _tell_shared(stated, sharing)
    share = _shares(sharing, rated)
    strings = []
    for node, every in sorted(at.items()):
        laws = [None if node in own else _law(stated, each.storage, node, share[each.storage]) for each in every]
        strings.append(Strings(node, rated[node], own.get(node), tuple(zip(every, laws, strict=True))))
    bare = _without_stores(stated, fed, {each.node for each in strings if each.law() is not None})
    stated.take(BATTERY, DCX + "peukertExponent", np.array(bare, dtype=np.int32))
    rows = []
    for node in bare:
        low, high = stated.value(DCX + "ridethroughSeconds", np.array([node], dtype=np.int32))
        rows.append(
            _row(node, power, -1, _at_rating((float(low[0]), float(high[0])), (rated[node],) * 2, exponent, (1.0, 1.0)), rated[node])
        )
    return PowerStores(tuple(strings), tuple(rows), power)


def _part(law: Law, share: float) -> Law:
    """What a part of equal stores carries; where the rating is not known, the rest carries the more each."""
    if law.exponent[1] > 0:
        return Law(law.seconds, (law.at_kw[0] * share, law.at_kw[1] * share), law.exponent)
    return Law((law.seconds[0] * share**EXPONENT_MAX, law.seconds[1] * share), law.at_kw, law.exponent)


def _shares(strings: Mapping[int, Sequence[int]], rated: Mapping[int, float]) -> dict[int, float]:
    """The part of each storage of the ratings of all that it stands behind, kW; 0 where one of these states none."""
    parts: dict[int, list[float]] = defaultdict(list)
    for node, each in strings.items():
        for storage in each:
            parts[storage].append(rated[node] / len(each))
    return {storage: fsum(of) if min(of) > 0 else 0.0 for storage, of in parts.items()}


def _tell_shared(stated: Stated, strings: Mapping[int, Sequence[int]]) -> None:
    """Say which stores stand behind several nodes."""
    owners: dict[int, list[int]] = defaultdict(list)
    for node, each in strings.items():
        for storage in set(each):
            owners[storage].append(node)
    for storage, nodes in owners.items():
        name, count = compact(stated.snapshot.key(storage)), len(nodes)
        if count > 1:
            stated.refused += [(node, f"{name} stands behind {count:,}: those that it carries at once empty it together") for node in nodes]


def _banks(strings: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, int]]:
    """`Row.bank` of the nodes that have a storage in common with another."""
    owners: dict[int, list[int]] = defaultdict(list)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for node, each in sorted(strings.items()):
        alike[tuple(sorted(set(each)))].append(node)
        for storage in sorted(set(each)):
            owners[storage].append(node)
    shared = {storage: nodes for storage, nodes in owners.items() if len(nodes) > 1}
    first = {node: node for nodes in shared.values() for node in nodes}
    merged = True
    while merged:
        merged = False
        for nodes in shared.values():
            least = min(first[node] for node in nodes)
            merged = merged or any(first[node] != least for node in nodes)
            first.update(dict.fromkeys(nodes, least))
    same = {node: nodes[0] for nodes in alike.values() if len(nodes) > 1 for node in nodes}
    return {node: (least, same.get(node, -1)) for node, least in first.items()}


def _row(node: int, power: int, source: int, law: Law, rated: float) -> Row:
    return Row(node, power, Kind.ENERGY, source, law.seconds, law.at_kw, law.exponent, rated)


def _at_rating(seconds: Ends, rated: Ends, exponent: Ends, health: Ends) -> Law:
    """A time that is stated at a rating; where the rating is unknown it holds at any load."""
    if rated[0] > 0:
        return Law(seconds, (rated[0] * health[0], rated[1] * health[1]), exponent)
    return Law((seconds[0] * health[0] ** exponent[1], seconds[1] * health[1] ** exponent[0]), (0.0, 0.0), (0.0, 0.0))


def _law(stated: Stated, storage: int, node: int, share_kw: float) -> Law | None:
    """What one storage behind a node carries, `share_kw` being its part of that one's rating; None where nothing is known.

    A battery of capacity C at H hours empties in H at C V eta / H; at another load in H (C / (I H))^k, I = P / (eta V): W. Peukert,
    Elektrotechnische Zeitschrift 20 (1897) 287. `stateOfHealth` is the share of C that is left with age (0.8: IEEE 1188 replaces it).
    """

    def of(name: str, unit: str = "") -> Ends:
        return stated.one(storage, DCX + name, UNIT + unit if unit else "", node)

    def share(name: str) -> Ends:
        low, high = of(name)
        return (1.0, 1.0) if np.isnan(low) else (low, high)

    charge, volts = of("batteryCapacity", "A-HR"), of("batteryVoltage", "V")
    if charge[0] > 0 and volts[0] > 0:
        hours, health, efficiency = of("dischargeHours")[::-1], share("stateOfHealth"), share("inverterEfficiency")
        at = [charge[end] * volts[end] * efficiency[end] / (1000 * hours[end]) * health[end] for end in (0, 1)]
        return Law((hours[0] * 3600, hours[1] * 3600), (at[0], at[1]), of("peukertExponent"))
    energy = of("storedEnergy", "KiloW-HR")
    if energy[0] > 0:
        health, efficiency = share("stateOfHealth"), share("inverterEfficiency")
        at = [energy[end] * efficiency[end] * health[end] for end in (0, 1)]
        return Law((3600.0, 3600.0), (at[0], at[1]), (1.0, 1.0))
    rated = of("ratedPower", "KiloW")
    seconds, exponent = of("ridethroughSeconds"), of("peukertExponent")
    if np.isnan(seconds[0]):
        return None
    own = stated.number(DCX + "ridethroughSeconds", np.array([storage], dtype=np.int32))[0] > 0
    aged = share("stateOfHealth") if own or seconds[0] == seconds[1] else (1.0, 1.0)  # the range of a class has age in it
    return _at_rating(seconds, rated if rated[0] > 0 else (share_kw, share_kw), (1.0, 1.0) if np.isnan(exponent[0]) else exponent, aged)


def _together(laws: list[Law | None]) -> Law | None:
    """Stores beside each other share the load so that they are empty together: for a time t they carry the sum of what each carries.

    The law of the sum is exact at the time of the store with most energy, whatever the stores are called; at other loads its exponent is
    between the least and the greatest of theirs, and the worse and the better end of the law are bounds. A store without a known rating
    carries its time at any load: of such the longest counts, and what else there is may add to it.
    """
    known = [law for law in laws if law is not None]
    if len(known) <= 1:
        return known[0] if known else None
    at_any = [law.seconds[0] for law in known if law.exponent[0] == 0]
    if at_any:
        return Law((max(at_any), max(law.seconds[1] for law in known)), (0.0, 0.0), (0.0, 0.0))
    (worse_s, worse_kw), (better_s, better_kw) = (_at_one_time(known, end) for end in (0, 1))
    exponent = min(law.exponent[0] for law in known), max(law.exponent[1] for law in known)
    return Law((worse_s, better_s), (worse_kw, better_kw), exponent)


def _at_one_time(laws: list[Law], end: int) -> tuple[float, float]:
    """The time of the store with most energy, and what all carry together for so long, kW; with the worse (0) or better (1) ends."""
    seconds = max((law.at_kw[end] * law.seconds[end], law.seconds[end]) for law in laws)[1]
    ratios = [law.seconds[end] / seconds for law in laws]
    powers = (1 / law.exponent[1 - end if ratio > 1 else end] for law, ratio in zip(laws, ratios, strict=True))
    return seconds, fsum(law.at_kw[end] * ratio**power for law, ratio, power in zip(laws, ratios, powers, strict=True))


def _without_stores(stated: Stated, fed: Ids, carried: set[int]) -> list[int]:
    """The UPSs whose class says how long they carry, and that neither state a store nor have one behind them or their modules."""
    graph, vocabulary = stated.graph, stated.vocabulary
    classes = [vocabulary.is_a(cls, UPS) for cls in graph.nodes.classes]
    groups = [vocabulary.is_a(cls, GROUP) for cls in graph.nodes.classes]

    def is_of(node: int, flags: list[bool]) -> bool:
        number = int(graph.nodes.class_of[node])
        return number >= 0 and flags[number]

    def suppliers(node: int) -> list[int]:
        first, last = np.searchsorted(graph.edges.target, [node, node + 1])
        return [int(each) for each in graph.edges.source[first:last]]

    found = []
    for node in fed.tolist():
        if node in carried or not is_of(node, classes):
            continue
        modules = [m for s in suppliers(node) for m in (suppliers(s) if is_of(s, groups) else [s])]
        if not any(module in carried for module in modules):
            found.append(node)
    return found


def tanks(stated: Stated, behind: Sequence[Behind], standby: Flags) -> list[tuple[Behind, Ends]]:
    """The fuel tanks behind the standby sources, and how long each lasts at the rated load. What else stores energy there, such as the
    battery of a starter, is no fuel."""
    found = []
    for each in behind:
        if standby[each.node] and _is_tank(stated, each):
            lasts = stated.one(each.storage, DCX + "ridethroughSeconds", "", each.node)
            if not np.isnan(lasts[0]):
                found.append((each, lasts))
    return found


def needed(stated: Stated, behind: Sequence[Behind], standby: Flags) -> tuple[tuple[Behind, ...], ...]:
    """What each standby source starts with: its tanks, and what else stores energy behind it, which its starter takes."""
    found: dict[tuple[int, bool], list[Behind]] = defaultdict(list)
    for each in behind:
        if standby[each.node]:
            found[each.node, _is_tank(stated, each)].append(each)
    return tuple(tuple(found[key]) for key in sorted(found))


def _is_tank(stated: Stated, each: Behind) -> bool:
    return any(stated.vocabulary.is_a(cls, TANK) for cls in stated.snapshot.types(each.storage))
