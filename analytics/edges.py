"""From the relations of the model to supply edges, by the rules 1 to 7 of `docs/guides/supply-model.md`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from analytics.columns import distinct
from analytics.roles import COMMON_CAUSE_GROUP, Masks, Roles
from analytics.supply_graph import Flags
from graph.connections import Connections
from graph.relation import Relation
from graph.snapshot import Snapshot
from ontology.media import FEEDS_IN
from ontology.namespaces import BRICK, DCX
from ontology.terms import Ids, is_literal, literal_parts
from ontology.vocabulary import Vocabulary

_POWER = 0
_EMPTY: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class SupplyTriples:
    """Supply edges in term numbers: source, target, medium number, and whether the medium was assumed. Duplicates may occur."""

    source: Ids
    target: Ids
    medium: Ids
    assumed: Flags
    stored: tuple[Ids, Ids, Ids]
    """Source, target and medium of what is not counted: the source stores energy, or only such feeds it."""
    connections: Ids
    """The ASHRAE 223P connections, conduits whatever their class."""


@dataclass(slots=True)
class _Collected:
    """The edges so far; a self-edge is ignored."""

    columns: list[tuple[Ids, Ids, Ids, Flags]] = field(default_factory=list)

    def add(self, source: Ids, target: Ids, medium: Ids, assumed: Flags) -> None:
        other = source != target
        self.columns.append((source[other], target[other], medium[other], assumed[other]))

    def all(self) -> tuple[Ids, Ids, Ids, Flags]:
        if not self.columns:
            return _EMPTY, _EMPTY, _EMPTY, np.empty(0, dtype=np.bool_)
        source, target, medium, assumed = (np.concatenate(parts) for parts in zip(*self.columns, strict=True))
        return source.astype(np.int32), target.astype(np.int32), medium.astype(np.int32), assumed.astype(np.bool_)


def supply_triples(snapshot: Snapshot, vocabulary: Vocabulary, roles: Roles) -> SupplyTriples:
    """All supply edges of a snapshot. Cost: sorts over the relations concerned; Python only for each 223P connection."""
    hands_on, takes_in = roles.hands_on[roles.role_of], roles.takes_in[roles.role_of]
    members, groups = _members(snapshot, vocabulary)
    _groups_hand_on_what_their_members_do(hands_on, members, groups)
    found = _Collected()
    explicit = _explicit_feeds(snapshot, vocabulary, found)
    u, v = _plain_feeds(snapshot, vocabulary, roles, hands_on, takes_in)
    new = ~np.isin(_pair(u, v), explicit)
    u, v = u[new], v[new]
    medium, assumed = _medium(hands_on[u], takes_in[v])
    found.add(u, v, medium, assumed)
    connections = _connections(snapshot, vocabulary, hands_on, takes_in, found)
    _ties(snapshot, hands_on | takes_in, found)
    _group_members(members, groups, hands_on, found)
    source, target, medium, assumed = found.all()
    valid = ~_literals(snapshot, source, target) & ~np.isin(source, _causes(snapshot, vocabulary))
    source, target, medium, assumed = source[valid], target[valid], medium[valid], assumed[valid]
    stored = _of_stores(snapshot, roles, source, target, medium)
    keep, not_counted = ~stored, (source[stored], target[stored], medium[stored])
    return SupplyTriples(source[keep], target[keep], medium[keep], assumed[keep], not_counted, connections)


def _of_stores(snapshot: Snapshot, roles: Roles, source: Ids, target: Ids, medium: Ids) -> Flags:
    """Which edges hand on stored energy alone, and so are not counted: those out of what stores energy; out of what only stores feed,
    where the target has another supplier or is such a link itself; all out of a group of stores.

    What only stores feed and something hangs on that nothing else feeds stays what it would be without the stores: a source, as the model
    may end there. Cost: one pass over the edges, one more for each link of the longest chain.
    """
    storage = roles.storage[roles.role_of]
    weak: Flags = storage[source]
    if not weak.any():
        return weak
    into, out_of = (np.left_shift(of.astype(np.int64), 6) | medium for of in (target, source))
    from_store, known = weak.copy(), distinct(into[:0])
    while True:
        rows = np.flatnonzero(np.isin(into, distinct(into[weak])))
        found = distinct(into[rows])
        found = found[~np.isin(found, into[rows[~weak[rows]]])]
        found = found[[not _is_source(snapshot, roles, int(key >> 6), int(key & 63)) for key in found.tolist()]]
        if np.array_equal(found, known):
            break
        known = found
        weak = from_store | np.isin(out_of, known)
    node = (known >> 6).astype(np.int32)
    group = known[roles.group[roles.role_of[node]]]
    ends = ~np.isin(known, out_of) & ~np.isin(known, group)
    links = known[~ends]
    of_links = np.flatnonzero(weak & ~from_store)
    while True:
        holds = np.isin(into[of_links], known) & ~np.isin(into[of_links], links)
        held = np.isin(links, out_of[of_links[holds]]) & ~np.isin(links, group)
        if not held.any():
            break
        links = links[~held]
    dropped = (
        ~np.isin(into[of_links], known)
        | (np.isin(into[of_links], links) & np.isin(out_of[of_links], links))
        | np.isin(out_of[of_links], group)
    )
    from_store[of_links[dropped]] = True
    return from_store


def _is_source(snapshot: Snapshot, roles: Roles, thing: int, medium: int) -> bool:
    """Whether a thing stores energy itself, or is a source of a medium by its class or by what is said of it."""
    role = int(roles.role_of[thing])
    if roles.storage[role] or (int(roles.source_of[role]) >> medium) & 1:
        return True
    said = (snapshot.key(each) for each in snapshot.objects(thing, DCX + "isSource"))
    return any(is_literal(each) and literal_parts(each).lexical in ("true", "1") for each in said)


def _explicit_feeds(snapshot: Snapshot, vocabulary: Vocabulary, found: _Collected) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rule 1. Gives the keys of the pairs found."""
    keys = [np.empty(0, dtype=np.int64)]
    for number, prop in enumerate(FEEDS_IN):
        for relation in _relations(snapshot, vocabulary, prop):
            u, v = relation.subjects, relation.objects
            found.add(u, v, np.full(len(u), number, np.int32), np.zeros(len(u), np.bool_))
            keys.append(_pair(u, v))
    return distinct(np.concatenate(keys))


def _plain_feeds(snapshot: Snapshot, vocabulary: Vocabulary, roles: Roles, hands_on: Masks, takes_in: Masks) -> tuple[Ids, Ids]:
    """The pairs of rules 2, 3 and 4, each once."""
    named = frozenset().union(*(vocabulary.subproperties(prop) for prop in FEEDS_IN))
    sources, targets = [_EMPTY], [_EMPTY]
    for relation in _relations(snapshot, vocabulary, BRICK + "feeds", but=named):
        sources.append(relation.subjects)
        targets.append(relation.objects)
    for relation in _relations(snapshot, vocabulary, BRICK + "isFedBy"):
        sources.append(relation.objects)
        targets.append(relation.subjects)
    part_of = [(r.subjects, r.objects) for r in _relations(snapshot, vocabulary, BRICK + "hasPart")]
    part_of += [(r.objects, r.subjects) for r in _relations(snapshot, vocabulary, BRICK + "isPartOf")]
    for whole, part in part_of:
        supplied = roles.supplies_parts[roles.role_of[whole]] & (hands_on[whole] & takes_in[part] != 0)
        sources.append(whole[supplied])
        targets.append(part[supplied])
    u, v = np.concatenate(sources), np.concatenate(targets)
    _, first = np.unique(_pair(u, v), return_index=True)
    return u[first], v[first]


def _medium(hands_on: Masks, takes_in: Masks) -> tuple[Ids, Flags]:
    """Rule 2: the medium of each pair by what its source hands on and its target takes in, and whether that had to be assumed."""
    both = hands_on & takes_in
    mask = np.where(_is_one(hands_on), hands_on, np.where(both != 0, both, np.where(_is_one(takes_in), takes_in, 0)))
    return np.where(mask == 0, _POWER, _lowest(mask)).astype(np.int32), ~_is_one(mask)


def _connections(snapshot: Snapshot, vocabulary: Vocabulary, hands_on: Masks, takes_in: Masks, found: _Collected) -> Ids:
    """Rule 5: `u -> c -> v` in the medium that rule 2 gives the pair (u, v)."""
    connections = Connections(snapshot, vocabulary).all
    rows: list[tuple[int, int, int, bool]] = []
    for connection in connections:
        number, ends = connection.number, (connection.sources or (connection.number,), connection.targets or (connection.number,))
        for u, v in ((u, v) for u in ends[0] for v in ends[1]):
            medium, assumed = _medium(hands_on[[u]], takes_in[[v]])
            rows.append((u, number, int(medium[0]), bool(assumed[0])))
            rows.append((number, v, int(medium[0]), bool(assumed[0])))
    if rows:
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        found.add(columns[0], columns[1], columns[2], columns[3])
    return np.array([c.number for c in connections if c.sources or c.targets], dtype=np.int32)


def _ties(snapshot: Snapshot, media: Masks, found: _Collected) -> None:
    """Rule 6: both ways, in a medium that bus and tie have in common, else one of the bus, power first."""
    relation = snapshot.relation(DCX + "ties")
    tie, bus = relation.subjects, relation.objects
    mask = np.where(media[bus] & media[tie] != 0, media[bus] & media[tie], media[bus])
    medium, assumed = np.where(mask == 0, _POWER, _lowest(mask)).astype(np.int32), ~_is_one(mask)
    found.add(tie, bus, medium, assumed)
    found.add(bus, tie, medium, assumed)


def _causes(snapshot: Snapshot, vocabulary: Vocabulary) -> Ids:
    """The groups of what one cause takes out together: they supply nothing, whatever they are said to feed."""
    return snapshot.instances(vocabulary.subclasses(COMMON_CAUSE_GROUP))


def _members(snapshot: Snapshot, vocabulary: Vocabulary) -> tuple[Ids, Ids]:
    """Members and their groups; what only fails together supplies nothing."""
    relation = snapshot.relation(DCX + "hasMember")
    feeds = ~np.isin(relation.subjects, _causes(snapshot, vocabulary))
    return relation.objects[feeds], relation.subjects[feeds]


def _groups_hand_on_what_their_members_do(hands_on: Masks, members: Ids, groups: Ids) -> None:
    """A redundancy group's class has no medium of its own; groups of groups settle in as many rounds as they are deep."""
    while True:
        before = hands_on[groups].copy()
        np.bitwise_or.at(hands_on, groups, hands_on[members])
        if np.array_equal(before, hands_on[groups]):
            return


def _group_members(members: Ids, groups: Ids, hands_on: Masks, found: _Collected) -> None:
    """Rule 7: `m -> g` in the media that g feeds; those that m hands on where g feeds nothing."""
    if len(members) == 0:
        return
    source, _, medium, _ = found.all()
    feeds = np.zeros(len(hands_on), dtype=np.int64)
    np.bitwise_or.at(feeds, source, np.left_shift(np.int64(1), medium.astype(np.int64)))
    mask = _settled(feeds, members, groups, hands_on)
    unclear = mask == 0
    mask = _settled(feeds, members, groups, np.where(unclear.any() & (hands_on == 0), np.int64(1 << _POWER), hands_on))
    for number in range(int(mask.max(initial=0)).bit_length()):
        has = (mask >> number) & 1 == 1
        found.add(members[has], groups[has], np.full(int(has.sum()), number, np.int32), unclear[has])


def _settled(feeds: Masks, members: Ids, groups: Ids, hands_on: Masks) -> Masks:
    """The media of each membership; a group that is itself a member then feeds these, in as many rounds as groups are nested."""
    nested = np.isin(members, groups)
    while True:
        before = feeds[members].copy()
        mask = np.where(feeds[groups] != 0, feeds[groups], hands_on[members])
        np.bitwise_or.at(feeds, members[nested], mask[nested])
        if np.array_equal(before, feeds[members]):
            return mask


def _relations(snapshot: Snapshot, vocabulary: Vocabulary, prop: str, but: frozenset[str] = frozenset()) -> Iterable[Relation]:
    """The relations of a property and its sub-properties, in order of IRIs."""
    return [snapshot.relation(iri) for iri in sorted({prop, *vocabulary.subproperties(prop)} - but)]


def _pair(u: Ids, v: Ids) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (u.astype(np.int64) << 32) | v


def _literals(snapshot: Snapshot, source: Ids, target: Ids) -> Flags:
    """Which edges end in a literal: a mistake of the model that validation names."""
    numbers = distinct(np.concatenate((source, target)))
    keys = snapshot.terms.keys
    wrong = np.array([n for n in numbers.tolist() if is_literal(keys[n])], dtype=np.int32)
    return np.isin(source, wrong) | np.isin(target, wrong)


def _is_one(mask: Masks) -> Flags:
    return np.asarray((mask != 0) & (mask & (mask - 1) == 0), dtype=np.bool_)


def _lowest(mask: Masks) -> Ids:
    """The number of the lowest bit; meaningless for an empty mask."""
    return np.asarray(np.log2(np.maximum(mask & -mask, 1)), dtype=np.int32)
