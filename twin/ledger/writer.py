"""How a change goes through: planned, let in or not, made durable, then visible.

Rules of this file:

1. One change at a time. All that can be refused is refused before anything is written; a dry run is the same way without its last step.
2. The store has a change before a reader sees it.
3. A change that was made against what is no longer so is told (`StaleRevision`, `Refused`), never merged in silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from threading import RLock
from typing import TypeVar

from graph.changes import AsOf, Branch, Cause, ChangeSet, Revision, claimed
from graph.difference import desired_state
from graph.errors import FindingsRefused, Refused, StaleRevision
from graph.ports import Clock, Progress, TwinStore
from graph.snapshot import Snapshot
from graph.steps import reached
from ontology.terms import QuadBlock
from twin.ledger.admission import checked, fallen_silent, held_up, too_much_withdrawn
from twin.ledger.answers import NO_FINDINGS, QUARANTINE, Findings, Policies, Policy, Synced
from twin.ledger.branches import Branches, quarantine_of
from twin.ledger.conflicts import refuse_added_to, refuse_conflicts, refuse_overwritten
from twin.ledger.history import History
from twin.ledger.who_says import SourceList, owner_of
from twin.state import Twin
from twin.sync import Wish

T = TypeVar("T")
_dice = Random()
TRIED_S = 10.0
"""How long a change is planned and written again where other processes write to the same store at the same time."""
PAUSE_S, PAUSE_S_MAX = 0.02, 1.0
"""The first pause between two tries is up to this long, each further one up to twice as long as the one before, up to the second."""
DRIFT = "neo4j"
"""The source of a drift that names no other: who wrote to the store past the twin."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a change is asked for: who and why, its key, the revision that the caller read, the bound on deletions, whether it is only
    tried, the branch, and the one graph that a wish is about."""

    author: str
    reason: str
    key: str = ""
    expected: int | None = None
    deletions_max: float | None = None
    dry_run: bool = False
    branch: str = ""
    graph: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change that nothing speaks against, and the state that it leads to."""

    quads: int
    change: ChangeSet
    cause: Cause
    before: Snapshot
    after: Snapshot
    findings: Findings = NO_FINDINGS
    quarantined: bool = False
    refused: str = ""
    """Why a dry run's change would be refused; any other is refused at once."""
    single: bool = False
    """Of single facts: in quarantine they come to what is there already, where a wish takes its place."""

    def told(self, revision: Revision | None, quarantined: str = "") -> Synced:
        """What became of it."""
        return Synced(self.cause.source, self.quads, self.change, revision, self.findings, quarantined, self.refused)


class _Overtaken(StaleRevision):
    """Another process was first between the plan and the commit: the plan can be made again."""


class Writer:
    """The one writer of the twin in this process."""

    def __init__(self, store: TwinStore, twin: Twin, clock: Clock, policies: Policies, parts: tuple[History, Branches, SourceList]) -> None:
        self._store, self._twin, self._clock, self._policies = store, twin, clock, policies
        self._history, self._branches, self._sources = parts
        self._lock = RLock()

    def sync(self, wish: Wish, asked: Asked) -> Synced:
        """Make a source say what it wishes; see `Ledger.sync`."""
        with self._lock:
            done_before = self._done(asked, len(wish.quads))
            return done_before or self.sync_all([wish], asked)[0]

    def sync_all(self, wishes: Sequence[Wish], asked: Asked, progress: Progress | None = None) -> Sequence[Synced]:
        """Fulfil wishes in order, each on top of the one before, a revision each; see `Ledger.sync_all`."""
        done: list[Synced] = []

        def the_rest() -> Sequence[Synced]:
            plans: list[_Plan] = []
            state, first = self._newest(asked.branch), len(done)
            for at, wish in enumerate(wishes[first:], first + 1):
                if progress is not None:
                    progress("compared", at - 1, len(wishes))
                plan = self._desired(state, wish, asked)
                plans.append(plan)
                state = plan.before if plan.quarantined else plan.after
                if progress is not None:
                    progress("compared", at, len(wishes))
            reached("sync.planned")
            if asked.dry_run:
                return [self._dry(plan) for plan in plans]
            for plan in plans:
                done.append(self._write(plan, asked.branch))
                if not asked.branch and not plan.quarantined:
                    self._forget_quarantine(plan.cause.source)
            return done

        return self._tried(the_rest)

    def change(self, change: ChangeSet, source: str, asked: Asked) -> Synced:
        """Single quads, in graphs of the source; see `Ledger.change`."""

        def once() -> Synced:
            done_before = self._done(asked, len(change.added))
            if done_before is not None:
                return done_before
            state = self._newest(asked.branch)
            graphs = claimed(source, change.added, state.owners)
            if not asked.branch:
                claimed(source, change.removed, state.owners)
            _hold(state, asked.expected, {*change.added.graphs(), *change.removed.graphs()})
            exact = state.exact(ChangeSet(change.added, change.removed, graphs))
            plan = self._plan(state, exact, self._cause(source, asked), len(change.added), asked, self._policies.of(source))
            return self._dry(plan) if asked.dry_run else self._write(replace(plan, single=True), asked.branch)

        return self._tried(once)

    def revert(self, number: int, asked: Asked) -> Synced:
        """Undo a revision; see `Ledger.revert`."""

        def once() -> Synced:
            done_before = self._done(asked)
            if done_before is not None:
                return done_before
            state = self._newest("")
            undone, change = self._history.get(number), self._history.change(number)
            refuse_overwritten(number, state, change)
            exact = state.exact(change.inverse())
            plan = self._plan(state, exact, self._cause(undone.cause.source, asked), len(exact.added), asked, Policy.ACCEPT)
            reached("revert.planned")
            return self._write(plan, "")

        return self._tried(once)

    def apply_branch(self, name: str, asked: Asked) -> Synced:
        """What a branch changes becomes a revision of the site; see `Ledger.apply_branch`. A crash before the branch is dropped leaves it,
        and applying it again then only drops it."""

        def once() -> Synced:
            done_before = self._done(asked)
            if done_before is not None:
                self._drop_applied(name)
                return done_before
            branch = self._branches.get(name)
            wanted, state = self._branches.difference(branch), self._newest("")
            exact = state.exact(replace(wanted, since=NOTHING.since))
            sources = {revision.cause.source for revision in branch.revisions}
            cause = self._cause(sources.pop() if len(sources) == 1 else f"branch/{name}", asked)
            plan = _Plan(len(exact.added), exact, cause, state, state)
            if not exact.is_empty:
                refuse_conflicts(branch, wanted, exact, self._history.between(branch.base, state.revision), state.owners)
                plan = self._plan(state, exact, cause, len(exact.added), asked, Policy.ACCEPT)
            done = self._write(plan, "")
            reached("branch.applied")
            self._branches.drop(name)
            return done

        return self._tried(once)

    def create_branch(self, name: str, base: AsOf, asked: Asked) -> Branch:
        """A new branch off a state of the site; see `Ledger.create_branch`."""
        if name.startswith(QUARANTINE):
            raise ValueError(f"{name!r} cannot name a branch: {QUARANTINE}SOURCE holds what a source was not let say; give another name")
        with self._lock:
            number = self._history.number_of(base)
            return self._branches.create(name, number, Cause(asked.author, "", self._clock(), asked.reason))

    def drop_branch(self, name: str) -> None:
        """Forget a branch. Raises `UnknownBranch`."""
        with self._lock:
            self._branches.drop(name)

    def _drop_applied(self, name: str) -> None:
        """Drop a branch whose changes the site has all: a crash came after they were applied and before it was dropped."""
        branch = next((each for each in self._branches.all() if each.name == name), None)
        if branch is not None and self._newest("").exact(replace(self._branches.difference(branch), since=NOTHING.since)).is_empty:
            self._branches.drop(name)

    def take_in(self, asked: Asked, progress: Progress | None = None) -> Synced:
        """What somebody wrote to the store past the twin becomes a revision; see `Ledger.take_in`."""

        def once() -> Synced:
            state = self._newest("")
            drift = self._store.drift(progress)
            graphs = {g: owner_of(g, state.owners) for g in drift.added.graphs() if g not in state.owners}
            sources = {graphs.get(g) or owner_of(g, state.owners) for g in (*drift.added.graphs(), *drift.removed.graphs())}
            change = replace(drift, graphs={**graphs, **drift.graphs})
            cause = self._cause(sources.pop() if len(sources) == 1 else DRIFT, asked)
            after = state if change.is_empty else state.apply(change, state.revision + 1, cause.at)
            return self._write(_Plan(len(change.added), change, cause, state, after), "")

        return self._tried(once)

    def follow(self) -> int:
        """Take in the revisions that another process has committed; how many there were. Nothing while a change is being written: that has
        followed by itself."""
        if not self._lock.acquire(blocking=False):
            return 0
        try:
            self._branches.refresh()
            return self._follow()
        finally:
            self._lock.release()

    # -- planning --------------------------------------------------------------------------------------------------

    def _tried(self, once: Callable[[], T]) -> T:
        """Plan and write; where another process was first, again on top of what that one said, for `TRIED_S` seconds. The pauses between
        are of random length, so that two who meet do not meet again."""
        with self._lock:
            until, pause_s = time.monotonic() + TRIED_S, PAUSE_S
            while time.monotonic() < until:
                with suppress(_Overtaken):
                    return once()
                time.sleep(_dice.uniform(0, pause_s))
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
            return once()

    def _cause(self, source: str, asked: Asked) -> Cause:
        return Cause(asked.author, source, self._clock(), asked.reason, asked.key)

    def _done(self, asked: Asked, quads: int | None = None) -> Synced | None:
        """What a caller's key has already made, by a wish of so many quads (None: as many as came)."""
        if not asked.key or asked.dry_run:
            return None
        revision = self._branches.by_key(asked.branch, asked.key) if asked.branch else self._history.by_key(asked.key)
        if revision is None:
            return None
        number = revision.number
        change = self._branches.change(asked.branch, number)[1] if asked.branch else self._history.change(number)
        return Synced(revision.cause.source, revision.added if quads is None else quads, change, revision)

    def _newest(self, branch: str) -> Snapshot:
        """The newest state of the site or of a branch, others' revisions taken in. Nobody else here writes until this writer is done."""
        self._follow()
        return self._branches.state(AsOf(branch=branch)) if branch else self._twin.snapshot

    def _follow(self) -> int:
        came = self._store.revisions(self._twin.snapshot.revision)
        for revision in came:
            before, change = self._twin.snapshot, self._store.change(revision.number)
            self._publish(before, before.apply(change, revision.number, revision.cause.at), change, revision)
        return len(came)

    def _desired(self, state: Snapshot, wish: Wish, asked: Asked) -> _Plan:
        """Desired state: the difference, the bound, the findings, the policy."""
        source = wish.source
        if asked.graph is None:
            graphs = {graph for graph, owner in state.owners.items() if owner == source}
        else:
            graphs = {asked.graph}
            _speaks_in(asked.graph, wish, state.owners)
        change, said = desired_state(source, wish.quads, state, graphs)
        _hold(state, asked.expected, graphs)
        to_nothing = asked.graph is None and len(wish.quads) == 0
        refused = too_much_withdrawn(source, change, said, asked.deletions_max, to_nothing=to_nothing)
        if refused and not asked.dry_run:
            raise Refused(refused)
        plan = self._plan(state, change, self._cause(source, asked), len(wish.quads), asked, self._policies.of(source))
        silent = fallen_silent(change, wish.quads) if asked.graph is None else ()
        return replace(plan, findings=plan.findings.also(silent), refused=refused or plan.refused)

    def _plan(self, state: Snapshot, exact: ChangeSet, cause: Cause, quads: int, asked: Asked, policy: Policy) -> _Plan:
        if exact.is_empty:
            return _Plan(quads, exact, cause, state, state)
        after, vocabulary = state.apply(exact, state.revision + 1, cause.at), self._twin.vocabulary
        holds = Policy.ACCEPT if asked.branch else policy
        plan = _Plan(quads, exact, cause, state, after, Findings(lambda: checked(state, after, exact, vocabulary, holds)))
        if holds is Policy.ACCEPT:
            return plan
        try:
            return replace(plan, quarantined=held_up(cause.source, policy, plan.findings.new))
        except FindingsRefused as error:
            if not asked.dry_run:
                raise
            return replace(plan, refused=str(error))

    def _dry(self, plan: _Plan) -> Synced:
        return plan.told(None, quarantine_of(plan.cause.source) if plan.quarantined else "")

    # -- writing ---------------------------------------------------------------------------------------------------

    def _write(self, plan: _Plan, branch: str) -> Synced:
        """Make a plan durable, then visible (rule 2)."""
        if plan.change.is_empty:
            return plan.told(None)
        if plan.quarantined:
            return self._quarantine(plan)
        try:
            revision = self._committed(plan, branch)
        except StaleRevision as error:
            self._follow()
            self._branches.refresh()
            raise _Overtaken(
                f"others changed the twin each time that this was tried, {TRIED_S:g} s long: send it again in a moment"
            ) from error
        if branch:
            return plan.told(revision)
        if revision.number == plan.after.revision:
            self._publish(plan.before, plan.after, plan.change, revision)
            return plan.told(revision)
        self._follow()  # another process was first with the same key
        return replace(plan.told(revision), change=self._store.change(revision.number), findings=NO_FINDINGS)

    def _committed(self, plan: _Plan, branch: str) -> Revision:
        if not branch:
            return self._store.commit(plan.change, plan.cause, expected=plan.before.revision)
        own = plan.before.revision - self._branches.get(branch).base
        return self._branches.commit(branch, plan.change, plan.cause, own)

    def _publish(self, before: Snapshot, after: Snapshot, change: ChangeSet, revision: Revision) -> None:
        self._history.note(revision)
        self._sources.changed(before, after, change.added, change.removed)
        self._twin.replace(after, change, revision)

    def _quarantine(self, plan: _Plan) -> Synced:
        """Keep the change as a branch. A wish takes the place of what was in quarantine of this source before; single facts are one more
        change of that branch. Raises `Refused` where these touch what the site has changed since the branch's base."""
        name = quarantine_of(plan.cause.source)
        held = self._held(name)
        if held is not None and plan.single:
            refuse_added_to(held, plan.change, self._history.between(held.base, plan.before.revision))
            more = self._branches.state(AsOf(branch=name)).exact(replace(plan.change, since=NOTHING.since))
            if not more.is_empty:
                self._branches.commit(name, more, plan.cause, len(held.revisions))
        else:
            self._branches.replace(name, plan.before.revision, plan.change, plan.cause)
        return plan.told(None, name)

    def _forget_quarantine(self, source: str) -> None:
        if self._held(quarantine_of(source)) is not None:
            self._branches.drop(quarantine_of(source))

    def _held(self, name: str) -> Branch | None:
        return next((branch for branch in self._branches.all() if branch.name == name), None)


NOTHING = ChangeSet(QuadBlock.empty(), QuadBlock.empty())


def _hold(state: Snapshot, expected: int | None, graphs: set[str]) -> None:
    """Raise `StaleRevision` when what the caller read is no longer so."""
    if expected is None or expected == state.revision:
        return
    newer = {graph: state.changed[graph] for graph in sorted(graphs) if state.changed.get(graph, 0) > expected}
    if newer or expected > state.revision:
        graph, number = max(newer.items(), key=lambda each: each[1], default=("", state.revision))
        what = f"<{graph}> was changed by revision {number} since" if graph else f"the newest is {number}"
        raise StaleRevision(f"the change was made against revision {expected}, but {what}: read again and repeat it")


def _speaks_in(graph: str, wish: Wish, owners: Mapping[str, str]) -> None:
    owner = owner_of(graph, owners) if graph in owners else wish.source
    others = sorted(set(wish.quads.graphs()) - {graph})
    if owner != wish.source:
        raise ValueError(f"graph <{graph}> belongs to source {owner!r}, not to {wish.source!r}: name its owner as the source")
    if others:
        raise ValueError(f"the wish for graph <{graph}> speaks in <{others[0]}> too: give that graph's facts in a wish of its own")
