"""An order of a procedure's steps of which none is refused, if there is one.

Rules of this file:

1. Which state stands depends on which steps are done, because steps on one thing keep their order. A set of done steps from which the rest
   cannot be done safely is never entered twice.
2. Steps are tried in the order of the procedure, so of all safe orders the one is found that keeps to it longest.
3. A step comes after those that it names, and after the last step before it on the same thing; a note comes after the step before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from analytics.procedures.steps import Act, Step

SETS_MAX = 5_000
"""Sets of done steps that one search looks at."""

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class SafeOrder:
    """What the search has found."""

    steps: tuple[str, ...]
    """Ids of all steps in a safe order; empty where none was found."""
    sets: int
    """Sets of done steps looked at."""
    complete: bool
    """False where `SETS_MAX` ended the search: there may be a safe order all the same."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"steps": list(self.steps), "sets_tried": self.sets, "complete": self.complete}


def safe_order(steps: Sequence[Step], start: Out, after: Callable[[Out, Step], Out], allowed: Callable[[Out, Out], bool]) -> SafeOrder:
    """Look for an order in which every step is allowed. `after` gives what stands when a step is done, `allowed` says whether policy
    takes it. Cost: one state a set of done steps, `SETS_MAX` at most."""
    before = _before(steps)
    path: list[int] = []
    standing = [start]
    dead: set[int] = set()
    next_step = [0]
    done = 0
    while len(path) < len(steps):
        at = next_step[-1]
        if at == len(steps):  # nothing more can be done from here
            dead.add(done)
            next_step.pop()
            standing.pop()
            if not path:
                return SafeOrder((), len(dead), complete=True)
            done ^= 1 << path.pop()
            continue
        next_step[-1] = at + 1
        bit = 1 << at
        if done & bit or before[at] & ~done or done | bit in dead:
            continue
        stands = after(standing[-1], steps[at])
        if not allowed(standing[-1], stands):
            continue
        if len(dead) + len(path) >= SETS_MAX:
            return SafeOrder((), SETS_MAX, complete=False)
        path.append(at)
        standing.append(stands)
        next_step.append(0)
        done |= bit
    return SafeOrder(tuple(steps[at].id for at in path), len(dead) + len(path), complete=True)


def _before(steps: Sequence[Step]) -> list[int]:
    """For each step the steps that must be done before it, as bits."""
    number = {step.id: at for at, step in enumerate(steps)}
    last: dict[str, int] = {}
    found = []
    for at, step in enumerate(steps):
        bits = sum(1 << number[other] for other in set(step.after))
        if step.act is Act.NOTE:
            bits |= 1 << (at - 1) if at else 0
        else:
            bits |= 1 << last[step.of] if step.of in last else 0
            last[step.of] = at
        found.append(bits)
    return found
