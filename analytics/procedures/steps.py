"""A switching procedure as data: steps in the order in which they are written, and what its policy allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from graph.errors import GraphError
from ontology.namespaces import expand

STEPS_MAX = 200
"""Steps of one procedure; longer ones are two."""
KEYS = ("name", "policy", "steps")


class ProcedureError(GraphError):
    """A procedure that cannot be run as it is written."""


class Act(StrEnum):
    """What a step does."""

    OPEN = "open"
    CLOSE = "close"
    ISOLATE = "isolate"
    RESTORE = "restore"
    NOTE = "note"


SWITCHING = (Act.OPEN, Act.CLOSE)


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    id: str
    act: Act
    of: str
    """The IRI of the switch or the equipment; of a note its text."""
    after: tuple[str, ...] = ()
    """Steps that must be done before, in whatever order."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "act": self.act.value, "of": self.of, "after": list(self.after)}


@dataclass(frozen=True, slots=True)
class Policy:
    """What no step may do. Counts of loads are of racks, pieces of IT equipment and services."""

    load_lost_max: int = 0
    """Loads that may be down that were up at the start."""
    without_redundancy_max: int | None = None
    """Loads that may hang by one thing that they did not hang by at the start; None: as many as there are."""
    overloaded_max: int = 0
    """Things that may carry more than they may, and more than at the start, those that trip by it included; not a count of loads."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not (value is None and each.default is None) and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                raise ProcedureError(f"policy {each.name} is {value!r}: give a whole number of 0 or more")

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps in order, each id once, no step after a later one of itself."""

    name: str
    steps: tuple[Step, ...]
    policy: Policy = Policy()

    def __post_init__(self) -> None:
        if not self.steps:
            raise ProcedureError("a procedure needs at least one step")
        if len(self.steps) > STEPS_MAX:
            raise ProcedureError(f"{len(self.steps)} steps; at most {STEPS_MAX}: make two procedures of it")
        earlier: set[str] = set()
        for step in self.steps:
            if step.id in earlier:
                raise ProcedureError(f"two steps have the id {step.id!r}: give one of them another")
            for other in step.after:
                if other not in earlier:
                    raise ProcedureError(f"step {step.id!r} comes after {other!r}, and no step before it has that id")
            earlier.add(step.id)

    def in_order(self, ids: Sequence[str]) -> Procedure:
        """The same steps in another order, all of them named once."""
        by_id = {step.id: step for step in self.steps}
        return replace(self, steps=tuple(by_id[each] for each in ids))


def procedure_of(said: object, name: str = "") -> Procedure:
    """A procedure from plain data: a mapping with `steps`, and if need be `name` and `policy`.

    A step is a mapping of one act (`open`, `close`, `isolate`, `restore`: an IRI or CURIE; `note`: a text) and, if need be, `id`
    (its number otherwise) and `after` (ids of earlier steps). Raises `ProcedureError`.
    """
    if not isinstance(said, Mapping):
        raise ProcedureError("a procedure is a mapping with steps, such as {steps: [{open: demo:Breaker-1}]}")
    _known(said, KEYS, "a procedure")
    steps = said.get("steps")
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise ProcedureError("steps is no list: write one step an entry")
    policy = said.get("policy") or {}
    if not isinstance(policy, Mapping):
        raise ProcedureError("policy is no mapping, such as {load_lost_max: 0}")
    _known(policy, [each.name for each in fields(Policy)], "a policy")
    return Procedure(str(said.get("name") or name), tuple(_step(number, step) for number, step in enumerate(steps, 1)), Policy(**policy))


def _step(number: int, said: object) -> Step:
    where = f"step {number}"
    if not isinstance(said, Mapping):
        raise ProcedureError(f"{where} is {said!r}: write an act and what it is of, such as open: demo:Breaker-1")
    _known(said, [*Act, "id", "after"], where)
    acts = [act for act in Act if act in said]
    if len(acts) != 1:
        raise ProcedureError(f"{where} names {len(acts)} acts: give it one of {', '.join(Act)}")
    of = said[acts[0]]
    if not isinstance(of, str) or not of.strip():
        raise ProcedureError(f"{where}: {acts[0]} takes {'a text' if acts[0] is Act.NOTE else 'an IRI or CURIE'}, not {of!r}")
    after = said.get("after", ())
    earlier = [after] if isinstance(after, str | int) else after
    if not isinstance(earlier, Sequence):
        raise ProcedureError(f"{where}: after is no list of step ids")
    return Step(str(said.get("id", number)), acts[0], of if acts[0] is Act.NOTE else expand(of), tuple(map(str, earlier)))


def _known(said: Mapping[object, object], known: Sequence[str], what: str) -> None:
    unknown = next((str(key) for key in said if key not in known), None)
    if unknown is not None:
        raise ProcedureError(f"{what} has no {unknown!r}; there are: {', '.join(known)}")
