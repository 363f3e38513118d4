"""Blank nodes keep their names from one wish to the next: the same document makes no difference, a changed one a small difference."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from graph.blank_nodes import named_as_before
from graph.changes import ChangeSet
from graph.difference import desired_state
from graph.snapshot import Snapshot
from ontology.namespaces import RDF
from ontology.rdf import canonical_hash
from ontology.terms import KeyQuad, QuadBlock, is_blank

G = "urn:ridethrough:source:plan"
AT = datetime(2026, 3, 3, tzinfo=UTC)
RATED, VALUE, UNIT = "urn:rated", "urn:value", "urn:unit"
NODES = ["urn:a", "urn:b", *(f"_:b{n}" for n in range(7))]
QUADS = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(["urn:p", "urn:q"]), st.sampled_from([*NODES, '"1"', '"2"']), st.just(G)), max_size=24
)


def renamed(quads: list[KeyQuad], seed: int) -> list[KeyQuad]:
    """The same, as another file would say it: other labels, another order."""
    chance = Random(seed)
    labels = [f"_:x{n}" for n in range(20)]
    chance.shuffle(labels)
    name = {f"_:b{n}": labels[n] for n in range(20)}
    said = [(name.get(s, s), p, name.get(o, o), g) for s, p, o, g in quads]
    chance.shuffle(said)
    return said


def change_to(wanted: list[KeyQuad], quads: list[KeyQuad]) -> ChangeSet:
    """The difference of a wish to what the source said before."""
    snapshot = Snapshot.of(QuadBlock.of(quads), 1, AT, {G: "plan"})
    return desired_state("plan", QuadBlock.of(wanted), snapshot, {G})[0]


def quantities(*values: str) -> list[KeyQuad]:
    """Ratings of as many machines, each a node without a name; numbered as a file would number them."""
    return [
        quad
        for n, value in enumerate(values)
        for quad in (
            (f"urn:machine{value[:1]}", RATED, f"_:b{n}", G),
            (f"_:b{n}", VALUE, f'"{value}"', G),
            (f"_:b{n}", UNIT, "urn:kW", G),
        )
    ]


@given(quads=QUADS, seed=st.integers(0, 99))
def test_a_wish_said_otherwise_is_the_same_dataset(quads: list[KeyQuad], seed: int) -> None:
    """However blank nodes are paired, what is named anew says what was wanted, by the canonical hash."""
    wanted = QuadBlock.of(renamed(quads, seed))

    named = named_as_before(wanted, QuadBlock.of(quads))

    assert canonical_hash(named) == canonical_hash(wanted)
    assert canonical_hash(wanted) == canonical_hash(quads)


@given(quads=QUADS, others=QUADS, seed=st.integers(0, 99))
def test_applying_the_difference_gives_what_was_wanted(quads: list[KeyQuad], others: list[KeyQuad], seed: int) -> None:
    """For any two states the change leads from the one to the other, by the canonical hash."""
    snapshot = Snapshot.of(QuadBlock.of(quads), 1, AT, {G: "plan"})
    wanted = renamed(others, seed)

    change, _ = desired_state("plan", QuadBlock.of(wanted), snapshot, {G})

    assert canonical_hash(snapshot.apply(change, 2, AT).quads()) == canonical_hash(wanted)


def test_the_same_file_under_another_name_makes_no_difference() -> None:
    """Five hundred ratings with other labels in another order: nothing added, nothing removed."""
    quads = quantities(*(f"{n}" for n in range(500)))
    others = [tuple(key.replace("_:b", "_:other") for key in quad) for quad in reversed(quads)]

    change = change_to(others, quads)  # type: ignore[arg-type] # four keys each

    assert change.is_empty


def test_a_statement_at_the_top_of_a_file_moves_no_other_node() -> None:
    """A new first machine shifts all labels by one; the difference is its three statements."""
    before, after = quantities("2", "3", "4"), quantities("1", "2", "3", "4")

    change = change_to(after, before)

    assert sorted(quad[2] for quad in change.added if not is_blank(quad[2])) == ['"1"', "urn:kW"]
    assert (len(change.added), len(change.removed)) == (3, 0)


def test_a_changed_value_changes_one_statement() -> None:
    """The rating of one machine becomes 35: its node stays, held by the machine; one statement goes, one comes."""
    change = change_to(quantities("2", "35", "4"), quantities("2", "3", "4"))

    assert [quad[1:3] for quad in change.removed] == [(VALUE, '"3"')]
    assert [quad[1:3] for quad in change.added] == [(VALUE, '"35"')]
    assert [quad[0] for quad in change.added] == [quad[0] for quad in change.removed]


def test_an_item_taken_out_of_a_list_leaves_the_other_cells() -> None:
    """Of a list of forty items the tenth goes: two links and one item are withdrawn, one link is new."""
    first, rest = RDF + "first", RDF + "rest"

    def listed(items: list[str], label: str) -> list[KeyQuad]:
        cells = [f"_:{label}{n}" for n in range(len(items))]
        ends = [*cells[1:], RDF + "nil"]
        said = [quad for cell, item, end in zip(cells, items, ends, strict=True) for quad in ((cell, first, item, G), (cell, rest, end, G))]
        return [("urn:a", "urn:has", cells[0], G), *said]

    items = [f"urn:item{n}" for n in range(40)]

    change = change_to(listed(items[:9] + items[10:], "z"), listed(items, "b"))

    assert (len(change.added), len(change.removed)) == (1, 3)


def test_a_node_that_another_graph_speaks_of_keeps_its_name() -> None:
    """A document that names a shared node means that node, even if another one looks alike."""
    shared = ("_:b0", VALUE, '"1"', G)
    quads = [shared, ("_:b1", VALUE, '"1"', G), ("_:b0", "urn:p", "urn:a", "urn:other")]
    snapshot = Snapshot.of(QuadBlock.of(quads), 1, AT, {G: "plan", "urn:other": "bms"})

    change, _ = desired_state("plan", QuadBlock.of([shared]), snapshot, {G})

    assert list(change.removed) == [("_:b1", VALUE, '"1"', G)]
    assert len(change.added) == 0
