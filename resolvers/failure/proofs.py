"""Proofs over GraphQL: everything out in turn, with a certificate or the smallest counter-example."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from analytics.proofs import answers, claim
from analytics.proofs.prove import BREACHES_TOLD, Question, refuse_unaskable
from graph.ports import Progress
from resolvers.analysis import Overload, Position, Trip
from resolvers.arguments import checked_count, media_of
from resolvers.context import Questions, State
from resolvers.errors import BadInput
from resolvers.failure.loads import LOAD_MAX, LoadCounts, NamedLoad, named
from resolvers.failure.sweeps import FailureUnit, UnitCounts
from resolvers.failure.telling import told
from resolvers.outcomes import Outcome

FIRST_MAX = 1000
"""Breaches that one certificate tells."""
IDS_DEFAULT, IDS_MAX = 1000, 1_000_000


@strawberry.enum(description="What can be proved.")
class Claim(Enum):
    """After docs/guides/proofs.md."""

    MAINTAINABLE = strawberry.enum_value(claim.Claim.MAINTAINABLE, description="Concurrently: everything out in turn, planned.")
    FAULT_TOLERANT = strawberry.enum_value(claim.Claim.FAULT_TOLERANT, description="Every single fault, with the plant's own response.")


@strawberry.type(description="What becomes of one load in one medium, and why.")
class BreachOutcome:
    """One row of a counter-example."""

    id: strawberry.ID = strawberry.field(description="IRI of the load.")
    medium: str = strawberry.field(description="IRI of the medium.")
    outcome: Outcome = strawberry.field(description="What happens to it.")
    evidence: list[strawberry.ID] = strawberry.field(description="A smallest set of what is out that explains it.")
    path: list[strawberry.ID] = strawberry.field(description="A shortest chain of supply from the evidence to the load.")
    seconds: list[float | None] | None = strawberry.field(
        default=None,
        description="Of load that is dark on the way only: the least and the greatest time until then; null: not in every case.",
    )


@strawberry.type(description="One thing that cannot be out without harm to the load.")
class Breach:
    """One row of a certificate."""

    out: FailureUnit = strawberry.field(description="What is out.")
    nodes: int = strawberry.field(description="How many entities are out with it.")
    lost: LoadCounts = strawberry.field(description="The load that is lost.")
    overloads: bool = strawberry.field(description="Whether something trips, or carries more than it may.")
    after_s: float | None = strawberry.field(
        default=None, description="Of load that is kept in the end and dark on the way: when that begins, seconds after the fault."
    )


@strawberry.type(description="The smallest of the breaches, and why it is one.")
class CounterExample(Breach):
    """With outcomes, trips and overloads."""

    outcomes: list[BreachOutcome] = strawberry.field(description="What becomes of the loads that are lost: the first of them.")
    more: int = strawberry.field(description="How many such outcomes are not told.")
    trips: list[Trip] = strawberry.field(description="What opens because it carries too much, in order of time.")
    overloaded: list[Overload] = strawberry.field(description="What is still up and carries more than it may.")


@strawberry.type(description="One kind of question of a proof: all of these out in turn.")
class ProofLine:
    """One line of a certificate."""

    name: str = strawberry.field(description="What it asks.")
    holds: bool = strawberry.field(description="Whether none of them harms the load.")
    tried: UnitCounts = strawberry.field(description="How many were tried.")
    breached: UnitCounts = strawberry.field(description="How many of them cannot be out.")
    breaches: list[Breach] = strawberry.field(description="The first of them: the smallest, then those that take most load down.")
    counter_example: CounterExample | None = strawberry.field(description="The smallest, with its reasons; null where the line holds.")
    ids_: strawberry.Private[list[str] | None] = None

    @strawberry.field(description="All that was tried, by name, in order; null where it was not asked for.")
    def ids(
        self, first: Annotated[int, strawberry.argument(description=f"How many at most, up to {IDS_MAX:,}.")] = IDS_DEFAULT
    ) -> list[strawberry.ID] | None:
        checked_count("first", first, IDS_MAX)
        return None if self.ids_ is None else [strawberry.ID(each) for each in self.ids_[:first]]


@strawberry.type(description="What a proof found: a certificate that names what was tried, or the smallest counter-example.")
class Certificate:
    """As `ridethrough prove`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    question: str = strawberry.field(description="What was to be proved.")
    rule: str = strawberry.field(description="The rule, in a sentence.")
    asked_by: str = strawberry.field(description="Classes of standards that ask for it, among other things; no class follows from it.")
    holds: bool = strawberry.field(description="Whether all load is up, and stays up with each thing out.")
    media: list[str] = strawberry.field(description="IRIs of the media asked about.")
    load: LoadCounts = strawberry.field(description="What must be kept.")
    dark_before: NamedLoad = strawberry.field(description="Load without a supply before anything is out: no proof holds over it.")
    lines: list[ProofLine] = strawberry.field(description="What was tried, and what came of it.")
    notes: list[str] = strawberry.field(description="What the proof rests on and what it does not cover.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.input(description="A proof to be tried.")
class ProofJobInput:
    """As the options of `ridethrough prove`."""

    claim: Claim = strawberry.field(description="What is to be proved.")
    load: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Only this load must stay up: racks, services, tenants, at most {LOAD_MAX}; all when not given."
    )
    media: list[str] | None = strawberry.field(default=None, description="Only supplies in these media; all when not given.")
    close: list[strawberry.ID] | None = strawberry.field(
        default=None, description="MAINTAINABLE: close these switches first, as a procedure would."
    )
    it: bool = strawberry.field(default=False, description="Take racks, IT equipment and services out in turn, too.")
    first: int = strawberry.field(default=BREACHES_TOLD, description=f"How many breaches to tell, the smallest first: 1 to {FIRST_MAX}.")
    ids: bool = strawberry.field(default=False, description="Name all that was tried.")

    async def work(self, state: State) -> Callable[[Progress], Certificate]:
        """What the job does. Raises `BadInput`, `NoSuchEntity`, `GraphError` for media, switches or load of which nothing can be proved."""
        index, asked_for = state.reads.index, claim.Claim[self.claim.name]
        if self.close and asked_for is claim.Claim.FAULT_TOLERANT:
            raise BadInput("close is for what is planned (MAINTAINABLE): no fault waits until a switch is closed")
        checked_count("first", self.first, FIRST_MAX)
        load = await named(index, "load", self.load)
        close = await named(index, "close", self.close or None)
        asked = Question(media_of(self.media), load, close or (), self.it, self.first, self.ids)
        await asyncio.to_thread(_refuse_unaskable, state.questions, asked)
        return lambda progress: _proved(state.questions, asked_for, asked, progress)


def _refuse_unaskable(questions: Questions, asked: Question) -> None:
    """To be called in a worker thread."""
    refuse_unaskable(questions.supply(), questions.conditions(), asked)


def _proved(questions: Questions, asked_for: claim.Claim, asked: Question, progress: Progress) -> Certificate:
    graph, conditions = questions.supply(), questions.conditions()
    found = answers.prove(asked_for, questions.snapshot, questions.vocabulary, graph, conditions, asked, questions.response, progress)
    return told(Certificate, found.to_json())
