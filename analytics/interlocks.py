"""What the plant must not be told now, whoever asks: pure, every reason and not the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analytics.conditions import switches_with_position
from analytics.impact import BlastRadius
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, compact
from ontology.vocabulary import Vocabulary

SWITCH_POINTS = (DCX + "Breaker_Position_Status", DCX + "Breaker_Command")
"""Classes of points at which a switch is opened (0) and closed (1): where it is told to, and where it says that it did."""

CLOSED = 1.0
"""The one value that closes a switch; a device may read anything else as open."""

NAMED_MAX = 3
"""Switches of unknown position that a reason names."""

Impact = Callable[[Sequence[str]], BlastRadius]
"""Answers what is hit when the given entities fail together, as the plant stands now."""


def last_feeds(snapshot: Snapshot, vocabulary: Vocabulary, impact: Impact, point: str, value: float) -> list[str]:
    """Why a switch must not be opened now: what its opening would leave without supply. Nothing for any other point or for closing.

    A point opens a switch when it, or the point that reads it back, is of one of `SWITCH_POINTS`; the switch is what has either of them.
    A switch that has a position point without a good value is taken as possibly open: what the opening would leave on it is refused too.
    Cost: two blast radii a switch.
    """
    number = snapshot.find(point)
    if value == CLOSED or number is None:
        return []
    points = {number, *snapshot.objects(number, DCX + "hasFeedbackPoint")}
    kinds = set().union(*(vocabulary.subclasses(kind) for kind in SWITCH_POINTS))
    if not any(kinds.intersection(snapshot.types(each)) for each in points):
        return []
    switches = {
        snapshot.key(owner)
        for each in points
        for owner in (*snapshot.subjects(BRICK + "hasPoint", each), *snapshot.objects(each, BRICK + "isPointOf"))
    }
    if not switches:
        return [f"{compact(point)} opens a switch, and the graph does not say which: give that switch brick:hasPoint {compact(point)}"]
    telling = frozenset(switches_with_position(snapshot, vocabulary))
    return [reason for switch in sorted(switches) if (reason := _dropped(impact, switch, telling))]


def _dropped(impact: Impact, switch: str, telling: frozenset[str]) -> str:
    found = impact([switch])
    totals = found.totals
    lost = {"racks": totals.racks["LOST"], "services": totals.services["LOST"], "tenants": totals.tenants["LOST"]}
    what = [f"{count} {name}" for name, count in lost.items() if count]
    if load_kw := totals.it_load_kw["LOST"]:
        what.append(f"{load_kw:g} kW of IT load")
    if not what:
        return _resting_on_a_guess(impact, found, switch, telling)
    return f"opening {compact(switch)} would leave {' and '.join(what)} without supply: move the load first, see impact of it"


def _resting_on_a_guess(impact: Impact, found: BlastRadius, switch: str, telling: frozenset[str]) -> str:
    """Why the answer that nothing is lost cannot be trusted: switches that should tell their position and do not may be open as well."""
    unknown = [p.id for p in found.positions if not p.from_telemetry and p.position == "closed" and p.id in telling and p.id != switch]
    if not unknown or not found.outcomes:
        return ""
    spared = {(each.id, each.medium) for each in found.outcomes if each.outcome != "LOST"}
    lost = sum((each.id, each.medium) in spared for each in impact([switch, *unknown]).outcomes if each.outcome == "LOST")
    if not lost:
        return ""
    named = ", ".join(map(compact, unknown[:NAMED_MAX])) + (", ..." if len(unknown) > NAMED_MAX else "")
    return (
        f"opening {compact(switch)} may leave {lost} supplies down: no good value says that {named} "
        "is closed; get its position point to report first"
    )
