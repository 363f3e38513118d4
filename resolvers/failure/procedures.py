"""Switching procedures over GraphQL: what each step costs, before anybody touches a switch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from analytics.procedures import check
from analytics.procedures.steps import STEPS_MAX, Procedure, procedure_of
from resolvers.analysis import Overload, Position, Trip
from resolvers.arguments import Media, media_of
from resolvers.context import Info, Questions, face_of
from resolvers.errors import BadInput
from resolvers.failure.loads import Load, LoadCounts, NamedLoad, named
from resolvers.failure.telling import told
from resolvers.outcomes import Outcome
from resolvers.states import AsOfArgument, BranchArgument, known, state_of

TEXT_MAX = 2000
"""Characters of a name, an id or a note."""


@strawberry.enum(description="What a step does.")
class StepAct(Enum):
    """After docs/guides/proofs.md."""

    OPEN = "open"
    CLOSE = "close"
    ISOLATE = "isolate"
    RESTORE = "restore"
    NOTE = "note"


@strawberry.input(description="One step: exactly one act, and if need be its id and what it comes after.")
class StepInput:
    """As an entry of a procedure's file."""

    open: strawberry.ID | None = strawberry.field(default=None, description="Open this switch.")
    close: strawberry.ID | None = strawberry.field(default=None, description="Close this switch.")
    isolate: strawberry.ID | None = strawberry.field(default=None, description="Take this out of service.")
    restore: strawberry.ID | None = strawberry.field(default=None, description="Bring this back.")
    note: str | None = strawberry.field(default=None, description="What people do here; it changes nothing.")
    id: strawberry.ID | None = strawberry.field(default=None, description="Its id; its number when not given.")
    after: list[strawberry.ID] | None = strawberry.field(default=None, description="Steps that must be done before, in whatever order.")


@strawberry.input(description="What no step may do; counts are of racks, pieces of IT equipment and services.")
class PolicyInput:
    """As `policy` of a procedure's file."""

    load_lost_max: int = strawberry.field(default=0, description="Loads that may be down that were up at the start.")
    without_redundancy_max: int | None = strawberry.field(
        default=None, description="Loads that may hang by one thing that they did not hang by at the start; any number when not given."
    )
    overloaded_max: int = strawberry.field(default=0, description="Things that may trip or carry more than they may and than at the start.")


@strawberry.input(description="A switching procedure.")
class ProcedureInput:
    """As a procedure's file."""

    steps: list[StepInput] = strawberry.field(description=f"In the order in which they are written, 1 to {STEPS_MAX}.")
    name: str = strawberry.field(default="", description="Its name.")
    policy: PolicyInput | None = strawberry.field(default=None, description="What no step may do; that no load goes down when not given.")


@strawberry.type(description="What no step may do.")
class Policy:
    """Counts are of racks, pieces of IT equipment and services."""

    load_lost_max: int = strawberry.field(description="Loads that may be down that were up at the start.")
    without_redundancy_max: int | None = strawberry.field(description="Loads that may lose their redundancy; null: any number.")
    overloaded_max: int = strawberry.field(description="Things that may trip or carry more than they may and than at the start.")


@strawberry.type(description="What stands when a step is done.")
class CheckedStep:
    """As though the steps before it had been done, allowed or not."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    act: StepAct = strawberry.field(description="What it does.")
    of: str = strawberry.field(description="IRI of the switch or the equipment; of a note its text.")
    after: list[strawberry.ID] = strawberry.field(description="Steps that must be done before.")
    lost: NamedLoad = strawberry.field(description="Load of which a supply held before the step and does not now.")
    back: LoadCounts = strawberry.field(description="Load of which a supply holds again.")
    down: LoadCounts = strawberry.field(description="Load of which a supply held at the start and does not now.")
    without_redundancy: LoadCounts = strawberry.field(
        description="Load that is up and hangs by one thing that it did not hang by at the start."
    )
    trips: list[Trip] = strawberry.field(description="What opens because it carries too much, in order of time.")
    overloaded: list[Overload] = strawberry.field(
        description="What is up and carries more than it may and than at the start, in order of IRIs."
    )
    open: list[strawberry.ID] = strawberry.field(description="Switches of the procedure that are open now.")
    isolated: list[strawberry.ID] = strawberry.field(description="What is out of service now.")
    findings: list[str] = strawberry.field(description="What is odd about the step.")
    refused: list[str] = strawberry.field(description="Why policy does not allow it; empty where it does.")


@strawberry.type(description="Why a step is refused, of one supply of one load or of one thing overloaded.")
class RefusalReason:
    """One row of the reasons."""

    id: strawberry.ID = strawberry.field(description="IRI of the load, or of what is overloaded.")
    medium: str = strawberry.field(description="IRI of the medium.")
    outcome: Outcome = strawberry.field(description="LOST, OVERLOADED or NO_REDUNDANCY.")
    evidence: list[strawberry.ID] = strawberry.field(
        description="With LOST and OVERLOADED a smallest set of what is out that does it; with NO_REDUNDANCY a thing that it now hangs by."
    )
    path: list[strawberry.ID] = strawberry.field(description="With LOST and OVERLOADED a shortest chain from the evidence to it.")


@strawberry.type(description="An order of the same steps of which none is refused, as far as one was found.")
class SafeOrder:
    """Looked for only where a step is refused."""

    steps: list[strawberry.ID] = strawberry.field(description="Ids of the steps; empty where none was found.")
    sets_tried: int = strawberry.field(description="Sets of done steps that were looked at.")
    complete: bool = strawberry.field(description="False: the search was ended, there may be a safe order all the same.")


@strawberry.type(description="A switching procedure run step by step against the twin.")
class CheckedProcedure:
    """As `ridethrough procedure check`."""

    name: str = strawberry.field(description="Its name.")
    allowed: bool = strawberry.field(description="Whether policy allows every step.")
    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions from which it starts.")
    by_supply_alone: str | None = strawberry.field(description="Why ratings play no part; null where they do.")
    policy: Policy = strawberry.field(description="What no step may do.")
    load: LoadCounts = strawberry.field(description="The load that counts.")
    steps: list[CheckedStep] = strawberry.field(description="All steps in the order of the procedure.")
    first_refused: strawberry.ID | None = strawberry.field(description="The first step that policy does not allow.")
    because: list[RefusalReason] = strawberry.field(description="Why that one is refused: the first reasons, in order of ids.")
    safe_order: SafeOrder | None = strawberry.field(description="Null where no step is refused.")
    notes: list[str] = strawberry.field(description="What the check does not cover.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.type
class ProceduresQuery:
    """Questions about switching procedures."""

    @strawberry.field(description="Run a switching procedure step by step against the twin; no switch is touched.")
    async def check_procedure(
        self,
        info: Info,
        procedure: Annotated[ProcedureInput, strawberry.argument(description="The procedure.")],
        media: Media = None,
        load: Load = None,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> CheckedProcedure:
        wanted = procedure_of(_plain(procedure))
        state = await state_of(info, as_of, branch)
        index = state.reads.index
        await known(index, [step.of for step in wanted.steps if step.act.value != StepAct.NOTE.value])
        loads = await named(index, "load", load)
        return await face_of(info).studies.run(_checked, state.questions, wanted, media_of(media), loads)


def _checked(questions: Questions, procedure: Procedure, media: Sequence[str] | None, load: Sequence[str] | None) -> CheckedProcedure:
    found = check.check(procedure, questions.supply(), questions.conditions(), media, load)
    return told(CheckedProcedure, found.to_json())


def _plain(given: ProcedureInput) -> dict[str, Any]:
    """As the file of a procedure says it. Raises `BadInput` for a text that is too long."""
    steps = [{key: value for key, value in vars(step).items() if value is not None} for step in given.steps]
    texts = [given.name, *(text for step in steps for text in step.values() if isinstance(text, str))]
    longest = max(map(len, texts))
    if longest > TEXT_MAX:
        raise BadInput(f"a text of the procedure has {longest} characters: give {TEXT_MAX} at most")
    policy = {} if given.policy is None else vars(given.policy)
    return {"name": given.name, "policy": policy, "steps": steps}
