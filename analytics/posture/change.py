"""What has just changed: who lost redundancy or a supply, who got it back, and by which switch or unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from analytics.conditions import Conditions
from analytics.kernel import Flags as Bits
from analytics.posture import kernel
from analytics.posture.posture import Posture
from analytics.supply_graph import Flags
from analytics.sweeps.pairs import Lists
from ontology.namespaces import compact
from ontology.terms import Ids

NAMED_MAX = 3
"""Reasons that a message spells out."""


class Act(StrEnum):
    """What a switch, a unit or the model did."""

    OPENED = "OPENED"
    CLOSED = "CLOSED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    BACK_IN_SERVICE = "BACK_IN_SERVICE"
    MODEL_CHANGED = "MODEL_CHANGED"


_WORDS = {
    Act.OPENED: "opened",
    Act.CLOSED: "closed",
    Act.OUT_OF_SERVICE: "is out of service",
    Act.BACK_IN_SERVICE: "is back in service",
}


_STANDS = {Act.OPENED: "open", Act.CLOSED: "closed"}


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: what did what. The id is that of the switch or unit; of a change of the model it is empty."""

    id: str
    act: Act
    text: str

    def to_json(self) -> dict[str, str]:
        """As the command line prints it."""
        return {"id": self.id, "act": self.act.value, "text": self.text}


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of these: ids in order, and the draw of the IT equipment among them, kW."""

    racks: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    it_load_kw: float = 0.0
    more: tuple[int, int, int] = (0, 0, 0)
    """How many more racks, services and tenants there are than are listed (`first`)."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many racks, services and tenants, listed or not."""
        return len(self.racks) + self.more[0], len(self.services) + self.more[1], len(self.tenants) + self.more[2]

    def first(self, rows: int) -> Moved:
        """The same with so many ids of each kind listed at most."""
        racks, services, tenants = self.racks[:rows], self.services[:rows], self.tenants[:rows]
        all_ = self.counts
        return Moved(racks, services, tenants, self.it_load_kw, (all_[0] - len(racks), all_[1] - len(services), all_[2] - len(tenants)))

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return any(self.counts) or bool(self.it_load_kw)

    def words(self) -> str:
        """The first of racks, services, tenants and load that there are any of, as `14 racks`."""
        for count, one in zip(self.counts, ("rack", "service", "tenant"), strict=True):
            if count:
                return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
        return f"{self.it_load_kw:g} kW of IT load"

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "count": self.counts[0],
            "services_count": self.counts[1],
            "tenants_count": self.counts[2],
            "racks": list(self.racks),
            "services": list(self.services),
            "tenants": list(self.tenants),
            "it_load_kw": self.it_load_kw,
        }


@dataclass(frozen=True, slots=True)
class PostureChange:
    """From one posture to the next, as of the later one's revision and instant (aware UTC). Each thing is in one of the four at most."""

    revision: int
    at: datetime
    dark: Moved
    """A supply that held does not hold now."""
    lost: Moved
    """A supply that holds hangs by a single failure that it did not hang by before."""
    back: Moved
    """A supply that did not hold holds now."""
    regained: Moved
    """A supply no longer hangs by a single failure that it hung by."""
    because: tuple[Because, ...]
    because_more: int = 0
    """How many more reasons there are than are listed (`first`)."""

    def first(self, rows: int) -> PostureChange:
        """The same with so many ids of each kind, and so many reasons (those of the message at least), listed at most: small, however
        much has changed."""
        dark, lost, back, regained = (moved.first(rows) for moved in (self.dark, self.lost, self.back, self.regained))
        because = self.because[: max(rows, NAMED_MAX)]
        left_out = self.because_more + len(self.because) - len(because)
        return PostureChange(self.revision, self.at, dark, lost, back, regained, because, left_out)

    @property
    def any(self) -> bool:
        """Whether anything changed for anybody."""
        return any(moved.any for moved in (self.dark, self.lost, self.back, self.regained))

    @property
    def message(self) -> str:
        """What a person is told, the worst first: `14 racks have just lost redundancy: demo:Q-A1 opened`; empty where nothing changed."""
        acts = (
            (self.dark, "gone dark"),
            (self.lost, "lost redundancy"),
            (self.back, "got supply back"),
            (self.regained, "regained redundancy"),
        )
        told = [(moved, text) for moved, text in acts if moved.any]
        if not told:
            return ""
        verb = "has" if told[0][0].words().startswith("1 ") else "have"
        first = f"{told[0][0].words()} {verb} just {told[0][1]}"
        further = "".join(f", {moved.words()} {text}" for moved, text in told[1:])
        return f"{first}{further}: {self._reasons()}"

    def _reasons(self) -> str:
        named = ", ".join(each.text for each in self.because[:NAMED_MAX])
        more = len(self.because) + self.because_more - NAMED_MAX
        return f"{named} and {more} more" if more > 0 else named or "for no reason that is known"

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        moved: Mapping[str, Moved] = {"dark": self.dark, "lost": self.lost, "back": self.back, "regained": self.regained}
        return {
            "message": self.message,
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            **{name: each.to_json() for name, each in moved.items()},
            "because": [each.to_json() for each in self.because],
            "because_count": len(self.because) + self.because_more,
        }


def compare(before: Posture, after: Posture) -> PostureChange:
    """What changed from one posture to another one, of this revision of the model or of another.

    Only supplies and failure units that both know are compared: what is new has lost nothing. Cost: linear in what hangs; where the model
    has other nodes, Python for each of them.
    """
    older = before if _same_numbers(before, after) else _in_terms_of(before, after)
    down_before, down_after = older.down.astype(np.bool_), after.down.astype(np.bool_)
    wiring, behind = after.wiring, after.behind
    renewed = after.renewed is not None and after.renewed[0] is older.lists
    rows = after.renewed[1] if after.renewed is not None and renewed else np.arange(len(after.units), dtype=np.int32)
    gained, gone = kernel.news(
        older.lists, after.lists, rows, older.down, after.down, after.units, wiring.pair_node, behind.holders_at, behind.holders
    )
    dark = after.told_of(wiring.pair_node[np.flatnonzero(down_after & ~down_before)])
    lost = gained.astype(np.bool_) & ~dark
    back = after.told_of(wiring.pair_node[np.flatnonzero(down_before & ~down_after)]) & ~dark & ~lost
    regained = gone.astype(np.bool_) & ~dark & ~lost & ~back
    tenants = np.zeros(len(after.graph.loads.tenants), dtype=np.bool_)
    parts: list[Moved] = []
    for flags in (dark, lost, back, regained):
        owners = after.tenants(flags) & ~tenants
        tenants |= owners
        parts.append(_moved(after, flags, owners))
    return PostureChange(after.graph.revision, after.conditions.at, parts[0], parts[1], parts[2], parts[3], _because(before, after))


def _moved(after: Posture, flags: Flags, tenants: Flags) -> Moved:
    if not flags.any():
        return Moved()
    loads = after.graph.loads
    names = tuple(np.array(loads.tenants, dtype=object)[tenants].tolist())
    return Moved(after.ids(loads.racks, flags), after.ids(loads.services, flags), names, after.kw(flags))


def _because(before: Posture, after: Posture) -> tuple[Because, ...]:
    """What stopped and started, in order of ids, and whether the model changed."""
    found = []
    was, now = ({one.graph.id(node): node for node in one.stopped.tolist()} for one in (before, after))
    for iri in sorted({*was} ^ {*now}):
        stopped, one = iri in now, after if iri in now else before
        out = iri in one.conditions.out
        act = (Act.OUT_OF_SERVICE if out else Act.OPENED) if stopped else Act.BACK_IN_SERVICE if out else Act.CLOSED
        text = _WORDS[act] if out else _moved_by(iri, act, before.conditions, after.conditions)
        found.append(Because(iri, act, f"{compact(iri)} {text}"))
    if before.wiring is not after.wiring:
        found.append(Because("", Act.MODEL_CHANGED, f"the model changed (revision {after.graph.revision})"))
    return tuple(found)


def _moved_by(switch: str, act: Act, before: Conditions, after: Conditions) -> str:
    """What a switch did; where telemetry has not said both where it stood and where it stands, what is known of it."""
    word = _WORDS[act]
    if switch not in after.positions:
        return f"counts as {_STANDS[act]}, as normally: its position is not known any more" if switch in before.positions else word
    return word if switch in before.positions else f"is {_STANDS[act]}, as is known now"


@dataclass(frozen=True, slots=True)
class _Older:
    """An older posture in the numbers of a newer one."""

    down: Bits
    lists: Lists


def _same_numbers(before: Posture, after: Posture) -> bool:
    """Whether nodes, pairs and units of both have the same numbers: the same model, or one in which some feeds are others."""
    was, now = before.wiring, after.wiring
    same_pairs = was is now or (was.pair_node is now.pair_node and was.pair_medium is now.pair_medium)
    return same_pairs and before.graph.nodes.ids is after.graph.nodes.ids and np.array_equal(before.units, after.units)


def _in_terms_of(before: Posture, after: Posture) -> _Older:
    """What both know, in the numbers of the later; what only the later knows is taken as it is there, so that it is no news."""
    pair_of, row_of = _pairs(before, after), _rows(before, after)
    down = after.down.copy()
    known = np.flatnonzero(pair_of >= 0)
    down[pair_of[known]] = before.down[known]
    new_pair = np.ones(len(after.down), dtype=np.bool_)
    new_pair[pair_of[known]] = False
    kept_rows = np.flatnonzero(row_of >= 0)
    new_row = np.ones(len(after.units), dtype=np.bool_)
    new_row[row_of[kept_rows]] = False
    rows, items = _entries(after.lists)
    as_it_is = new_pair[items] | new_row[rows]
    older_rows, older_items = _entries(before.lists)
    both = (row_of[older_rows] >= 0) & (pair_of[older_items] >= 0)
    row = np.concatenate((rows[as_it_is], row_of[older_rows[both]]))
    item = np.concatenate((items[as_it_is], pair_of[older_items[both]]))
    order = np.argsort(row, kind="stable")
    at = np.searchsorted(row[order], np.arange(len(after.units) + 1)).astype(np.int32)
    return _Older(down, Lists(at, np.ascontiguousarray(item[order], dtype=np.int32)))


def _entries(lists: Lists) -> tuple[Ids, Ids]:
    return np.repeat(np.arange(len(lists.at) - 1, dtype=np.int32), np.diff(lists.at)), lists.items


def _pairs(before: Posture, after: Posture) -> Ids:
    """The number of each older pair in the newer graph, or -1."""
    number = {medium: at for at, medium in enumerate(after.graph.media)}
    newer = {
        (node, medium): pair
        for pair, (node, medium) in enumerate(zip(*_columns(after.wiring.pair_node, after.wiring.pair_medium), strict=True))
    }
    node_of = _nodes(before, after)
    media = [number.get(medium, -1) for medium in before.graph.media]
    pairs = zip(*_columns(before.wiring.pair_node, before.wiring.pair_medium), strict=True)
    return np.array([newer.get((node_of[node], media[medium]), -1) for node, medium in pairs], dtype=np.int32)


def _rows(before: Posture, after: Posture) -> Ids:
    """The row of each older unit in the newer posture, or -1."""
    row_of = {node: row for row, node in enumerate(after.units.tolist())}
    node_of = _nodes(before, after)
    return np.array([row_of.get(node_of[node], -1) for node in before.units.tolist()], dtype=np.int32)


def _nodes(before: Posture, after: Posture) -> list[int]:
    found = (after.graph.find(iri) for iri in before.graph.nodes.ids)
    return [-1 if node is None else node for node in found]


def _columns(*columns: Ids) -> list[list[int]]:
    return [column.tolist() for column in columns]


__all__ = ["Act", "Because", "Moved", "PostureChange", "compare"]
