"""What stands in the way of undoing a revision or applying a branch: facts that somebody has touched since. Named, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.changes import Branch, ChangeSet
from graph.difference import net, replaced_by_both, touched
from graph.errors import Refused
from graph.snapshot import Snapshot
from ontology.namespaces import compact
from ontology.terms import KeyQuad, QuadBlock

FACTS_TOLD = 5
"""Facts that a refusal names."""


def refuse_overwritten(number: int, state: Snapshot, change: ChangeSet) -> None:
    """Raise `Refused` where later revisions touched what revision `number` changed: a fact that it added and that is gone or was said anew,
    or one that it took back and that is there again. Cost: a look-up for each of its facts."""
    changed: list[tuple[KeyQuad, str]] = []
    for quad, since in _since(state, change.added):
        if since != number:
            changed.append((quad, "was taken back later" if since is None else f"was said anew by revision {since}"))
    for quad, since in _since(state, change.removed):
        if since is not None:
            changed.append((quad, f"is said again since revision {since}"))
    if changed:
        told = "; ".join(f"{_shown(quad)} {why}" for quad, why in sorted(changed)[:FACTS_TOLD])
        raise Refused(
            f"revision {number} cannot be undone: later revisions touched {len(changed):,} of its facts: {told}. "
            f"Undo those first, or load what the source should say"
        )


def refuse_conflicts(branch: Branch, wanted: ChangeSet, exact: ChangeSet, since: Sequence[ChangeSet], owners: Mapping[str, str]) -> None:
    """Raise `Refused` where the site has touched what the branch changes (`_met`), or where another source owns a graph of the branch by
    now. `wanted` is what the branch changes on its base, `exact` what of that the site has not yet, `since` are the site's changes after
    the base."""
    taken = sorted(graph for graph, owner in wanted.graphs.items() if owners.get(graph, owner) != owner)
    if taken:
        raise Refused(f"graph <{taken[0]}> belongs to source {owners[taken[0]]!r} by now: make the branch again with another graph")
    if met := _met(wanted, exact, since):
        raise Refused(
            f"branch {branch.name!r} cannot be applied: since revision {branch.base} the site has touched {len(met):,} of the facts "
            f"that the branch changes: {'; '.join(met[:FACTS_TOLD])}. "
            f"Make a new branch off the site as it is now, and repeat there what is still wanted"
        )


def refuse_added_to(branch: Branch, more: ChangeSet, since: Sequence[ChangeSet]) -> None:
    """Raise `Refused` where the site has touched, after the branch's base, single facts that are to come to the branch (`_met`)."""
    if met := _met(more, more, since):
        raise Refused(
            f"branch {branch.name!r} holds earlier changes and stands on revision {branch.base}; since then the site has touched "
            f"{len(met):,} of the facts of this one: {'; '.join(met[:FACTS_TOLD])}. Look at the branch "
            f"(`ridethrough branch diff {branch.name}`), apply or drop it, and repeat"
        )


def _met(wanted: ChangeSet, exact: ChangeSet, since: Sequence[ChangeSet]) -> list[str]:
    """The facts at which a change meets those that came `since`, each with how: the very fact was said or taken back there, or the value
    whose place it takes has got another one there. Other values of the same subject and predicate do not matter."""
    if not since:
        return []
    anew = dict.fromkeys(touched(exact, since), "was said or taken back there, too")
    other = dict.fromkeys(replaced_by_both(wanted, net(since).change), "takes the place of a value that has another one there")
    return [f"{_shown(quad)} {how}" for quad, how in sorted((other | anew).items())]


def _since(state: Snapshot, block: QuadBlock) -> list[tuple[KeyQuad, int | None]]:
    """Each quad with the revision that said it as the state has it."""
    numbers = state.terms.numbers(block.terms)
    rows = numbers[block.quads].tolist()
    return [(quad, None if min(row) < 0 else state.since(row[0], row[1], row[2], row[3])) for quad, row in zip(block, rows, strict=True)]


def _shown(quad: KeyQuad) -> str:
    return " ".join(compact(key) for key in quad[:3])
