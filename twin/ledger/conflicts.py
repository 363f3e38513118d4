"""What stands in the way of undoing a revision or applying a branch: facts that somebody has touched since. Named, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.changes import Branch, ChangeSet
from graph.difference import net, same_facts
from graph.errors import Refused
from graph.snapshot import Snapshot
from ontology.namespaces import compact
from ontology.terms import KeyQuad, QuadBlock

FACTS_TOLD = 5
"""Facts that a refusal names."""


def refuse_overwritten(number: int, state: Snapshot, change: ChangeSet) -> None:
    """Raise `Refused` where later revisions touched what revision `number` changed: a fact that it added and that is gone or was said anew,
    or one that it took back and that is there again. Cost: a look-up for each of its facts."""
    touched: list[tuple[KeyQuad, str]] = []
    for quad, since in _since(state, change.added):
        if since != number:
            touched.append((quad, "was taken back later" if since is None else f"was said anew by revision {since}"))
    for quad, since in _since(state, change.removed):
        if since is not None:
            touched.append((quad, f"is said again since revision {since}"))
    if touched:
        told = "; ".join(f"{_shown(quad)} {why}" for quad, why in sorted(touched)[:FACTS_TOLD])
        raise Refused(
            f"revision {number} cannot be undone: later revisions touched {len(touched):,} of its facts: {told}. "
            f"Undo those first, or load what the source should say"
        )


def refuse_conflicts(branch: Branch, wanted: ChangeSet, since: Sequence[ChangeSet], owners: Mapping[str, str]) -> None:
    """Raise `Refused` where the site has changed facts of a subject and a predicate that the branch changes too, or where another source
    owns a graph of the branch by now. `since` are the site's changes after the branch's base."""
    taken = sorted(graph for graph, owner in wanted.graphs.items() if owners.get(graph, owner) != owner)
    if taken:
        raise Refused(f"graph <{taken[0]}> belongs to source {owners[taken[0]]!r} by now: make the branch again with another graph")
    facts = same_facts(wanted, net(since).change) if since else []
    if facts:
        told = "; ".join(_shown(quad) for quad in facts[:FACTS_TOLD])
        raise Refused(
            f"branch {branch.name!r} cannot be applied: the site has changed {len(facts):,} of the same facts since revision "
            f"{branch.base}: {told}. Make a new branch off the site as it is now, and repeat there what is still wanted"
        )


def refuse_added_to(branch: Branch, more: ChangeSet, since: Sequence[ChangeSet]) -> None:
    """Raise `Refused` where single facts that are to come to a branch are facts that the site has changed after the branch's base."""
    facts = same_facts(more, net(since).change) if since else []
    if facts:
        told = "; ".join(_shown(quad) for quad in facts[:FACTS_TOLD])
        raise Refused(
            f"branch {branch.name!r} holds earlier changes and stands on revision {branch.base}; since then the site has changed "
            f"{len(facts):,} of the facts of this one: {told}. Look at the branch (`ridethrough branch diff {branch.name}`), "
            f"apply or drop it, and repeat"
        )


def _since(state: Snapshot, block: QuadBlock) -> list[tuple[KeyQuad, int | None]]:
    """Each quad with the revision that said it as the state has it."""
    numbers = state.terms.numbers(block.terms)
    rows = numbers[block.quads].tolist()
    return [(quad, None if min(row) < 0 else state.since(row[0], row[1], row[2], row[3])) for quad, row in zip(block, rows, strict=True)]


def _shown(quad: KeyQuad) -> str:
    return " ".join(compact(key) for key in quad[:3])
