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


Wish = tuple[str, float]
"""A point (IRI) and the value that it is to take."""


def last_feeds(
    snapshot: Snapshot, vocabulary: Vocabulary, impact: Impact, point: str, value: float, unsettled: Sequence[Wish] = ()
) -> list[str]:
    """Why a switch must not be opened now: what its opening would leave without supply. Nothing for any other point or for closing.

    A point opens a switch when it, or the point that reads it back, is of one of `SWITCH_POINTS`; the switch is what has either of them.
    `unsettled` are wishes on their way to the plant that no reading has settled: a switch that one of them opens counts as open.
    A switch that has a position point without a good value is taken as possibly open: what the opening would leave on it is refused too.
    Cost: two blast radii a switch.
    """
    switches = _opened(snapshot, vocabulary, point, value)
    if switches is None:
        return []
    if not switches:
        return [f"{compact(point)} opens a switch, and the graph does not say which: give that switch brick:hasPoint {compact(point)}"]
    under_way = sorted(set().union(*(_opened(snapshot, vocabulary, *wish) or () for wish in unsettled)))
    telling = frozenset(switches_with_position(snapshot, vocabulary))
    reasons = (_dropped(impact, switch, [each for each in under_way if each != switch], telling) for switch in sorted(switches))
    return [reason for reason in reasons if reason]


def _opened(snapshot: Snapshot, vocabulary: Vocabulary, point: str, value: float) -> set[str] | None:
    """The switches that writing the value opens; None when it opens none, whatever the graph says of its owner."""
    number = snapshot.find(point)
    if value == CLOSED or number is None:
        return None
    points = {number, *snapshot.objects(number, DCX + "hasFeedbackPoint")}
    kinds = set().union(*(vocabulary.subclasses(kind) for kind in SWITCH_POINTS))
    if not any(kinds.intersection(snapshot.types(each)) for each in points):
        return None
    return {
        snapshot.key(owner)
        for each in points
        for owner in (*snapshot.subjects(BRICK + "hasPoint", each), *snapshot.objects(each, BRICK + "isPointOf"))
    }


def _dropped(impact: Impact, switch: str, under_way: Sequence[str], telling: frozenset[str]) -> str:
    found = impact([switch, *under_way])
    totals = found.totals
    lost = {"racks": totals.racks["LOST"], "services": totals.services["LOST"], "tenants": totals.tenants["LOST"]}
    what = [f"{count} {name}" for name, count in lost.items() if count]
    if load_kw := totals.it_load_kw["LOST"]:
        what.append(f"{load_kw:g} kW of IT load")
    if not what:
        return _resting_on_a_guess(impact, found, [switch, *under_way], telling)
    besides = f", now that {', '.join(map(compact, under_way[:NAMED_MAX]))} is being opened," if under_way else ""
    return f"opening {compact(switch)}{besides} would leave {' and '.join(what)} without supply: move the load first, see impact of it"


def _resting_on_a_guess(impact: Impact, found: BlastRadius, opened: Sequence[str], telling: frozenset[str]) -> str:
    """Why the answer that nothing is lost cannot be trusted: switches that should tell their position and do not may be open as well."""
    unknown = [p.id for p in found.positions if not p.from_telemetry and p.position == "closed" and p.id in telling and p.id not in opened]
    if not unknown or not found.outcomes:
        return ""
    spared = {(each.id, each.medium) for each in found.outcomes if each.outcome != "LOST"}
    lost = sum((each.id, each.medium) in spared for each in impact([*opened, *unknown]).outcomes if each.outcome == "LOST")
    if not lost:
        return ""
    named = ", ".join(map(compact, unknown[:NAMED_MAX])) + (", ..." if len(unknown) > NAMED_MAX else "")
    return (
        f"opening {compact(opened[0])} may leave {lost} supplies down: no good value says that {named} "
        "is closed; get its position point to report first"
    )
