"""Long questions as jobs over GraphQL: started, followed, cancelled.

A further kind of job is an input type with `work` (as `SweepJobInput`) and a result type in the file of its subject, and a line each in
`JobKind`, `JobInput` and `JobResult` here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Annotated, Protocol

import strawberry

from graph.errors import GraphError
from graph.ports import Progress
from resolvers.bell import Bell
from resolvers.context import Face, Info, State, face_of
from resolvers.errors import BadInput, FaceError
from resolvers.failure.planning import Availability, AvailabilityJobInput, Placement, PlacementJobInput
from resolvers.failure.proofs import Certificate, ProofJobInput
from resolvers.failure.stranded import Stranded, StrandedJobInput
from resolvers.failure.sweeps import PairsJobInput, Sweep, SweepJobInput, SweepPairs
from resolvers.states import AsOfArgument, BranchArgument, state_of
from twin import jobs

TICK_S = 0.1
"""Progress is told at most this often, in seconds."""


@strawberry.enum(description="What a job works out.")
class JobKind(Enum):
    """Named as the fields of `JobInput`."""

    SWEEP = "sweep"
    PAIRS = "pairs"
    PROOF = "proof"
    PLACEMENT = "placement"
    AVAILABILITY = "availability"
    STRANDED = "stranded"


@strawberry.input(one_of=True, description="A long question: give exactly one.")
class JobInput:
    """One of the kinds of jobs."""

    sweep: SweepJobInput | None = strawberry.field(default=strawberry.UNSET, description="Every single failure in turn.")
    pairs: PairsJobInput | None = strawberry.field(default=strawberry.UNSET, description="Every two pieces of infrastructure at once.")
    proof: ProofJobInput | None = strawberry.field(default=strawberry.UNSET, description="Whether all load is kept with each thing out.")
    placement: PlacementJobInput | None = strawberry.field(default=strawberry.UNSET, description="Where a load fits.")
    availability: AvailabilityJobInput | None = strawberry.field(
        default=strawberry.UNSET, description="How available a load is, simulated."
    )
    stranded: StrandedJobInput | None = strawberry.field(
        default=strawberry.UNSET, description="How much more all racks can take, what is stranded, what one more unit would buy."
    )


JobResult = Annotated[
    Sweep | SweepPairs | Certificate | Placement | Availability | Stranded,
    strawberry.union("JobResult", description="What a job has worked out."),
]


class JobAsked(Protocol):
    """The input of one kind of job."""

    async def work(self, state: State) -> Callable[[Progress], object]:
        """What the thread of the job does, once all arguments are as they may be. Raises `BadInput`, `NoSuchEntity`."""


@strawberry.enum(description="How a job stands.")
class JobState(Enum):
    """RUNNING ends in one of the others, once."""

    RUNNING = "running"
    DONE = "done"
    FAILED = strawberry.enum_value("failed", description="`error` says why.")
    CANCELLED = "cancelled"


@strawberry.type(description="How far a job is.")
class JobProgress:
    """Its last report."""

    stage: str = strawberry.field(description="What is being done.")
    done: float = strawberry.field(description="How much of it is done: a whole number, which may be more than an Int holds.")
    total: float = strawberry.field(description="How much there is, as `done`; 0 when that is not known.")


@strawberry.type(description="A long question that is worked out beside the others.")
class Job:
    """As it stands at one instant."""

    id: strawberry.ID = strawberry.field(description="Id of the job.")
    kind: JobKind = strawberry.field(description="What it works out.")
    state: JobState = strawberry.field(description="How it stands.")
    progress: JobProgress | None = strawberry.field(description="How far it is; null before its first report.")
    started_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    error: str | None = strawberry.field(description="Why it failed.")
    result: JobResult | None = strawberry.field(description="What it has worked out; null until it is done.")

    @staticmethod
    def of(job: jobs.Job) -> Job:
        """From the flow's record."""
        stage = job.stage
        return Job(
            id=strawberry.ID(job.id),
            kind=JobKind(job.kind),
            state=JobState(job.state.value),
            progress=None if stage is None else JobProgress(stage=stage.name, done=stage.done, total=stage.total),
            started_at=job.started_at,
            ended_at=job.ended_at,
            error=job.error or None,
            result=job.result,  # type: ignore[arg-type] # what the work of its kind gives
        )


JobId = Annotated[strawberry.ID, strawberry.argument(description="Id of the job.")]


@strawberry.type
class JobsQuery:
    """Questions about jobs."""

    @strawberry.field(description="A job by its id; null for one that is not kept.")
    def job(self, info: Info, id: JobId) -> Job | None:  # noqa: A002 - the schema's word for it
        found = face_of(info).jobs.get(id)
        return None if found is None else Job.of(found)

    @strawberry.field(description="The jobs that run or are kept, the newest first.")
    def jobs(self, info: Info) -> list[Job]:
        return [Job.of(each) for each in face_of(info).jobs.all()]


async def start_job(
    info: Info,
    input: Annotated[JobInput, strawberry.argument(description="The question.")],  # noqa: A002 - the schema's word for it
    as_of: AsOfArgument = None,
    branch: BranchArgument = None,
) -> Job:
    """Begin to work a question out. Raises `BadInput`, `NoSuchEntity`, `TooManyJobs`, `UnknownRevision`, `UnknownBranch`."""
    kind, asked = _chosen(input)
    work = await asked.work(await state_of(info, as_of, branch))
    return Job.of(face_of(info).jobs.start(kind, _refusable(work)))


def cancel_job(info: Info, id: JobId) -> Job:  # noqa: A002 - the schema's word for it
    """End a job; what has ended stays as it ended. Raises `UnknownJob`."""
    return Job.of(face_of(info).jobs.cancel(id))


async def followed(face: Face, job_id: str) -> AsyncGenerator[Job, None]:
    """A job at once and at each change, at most every `TICK_S`, until it has ended. Raises `UnknownJob`."""
    bell = Bell()
    stop = face.jobs.hear(job_id, bell.ring)
    told = None
    try:
        while True:
            job = face.jobs.get(job_id)
            if job is None:
                raise jobs.unknown(job_id)
            if job != told:
                yield Job.of(job)
            told = job
            if job.ended:
                return
            await bell.wait()
            await asyncio.sleep(TICK_S)
    finally:
        stop()


def _chosen(given: JobInput) -> tuple[str, JobAsked]:
    chosen: list[tuple[str, JobAsked]] = [
        (each.name, value) for each in fields(given) if (value := getattr(given, each.name)) is not None and value is not strawberry.UNSET
    ]
    if len(chosen) != 1:
        raise BadInput(f"input names {len(chosen)} questions: give exactly one of {', '.join(each.name for each in fields(given))}")
    return chosen[0]


def _refusable(work: Callable[[Progress], object]) -> Callable[[Progress], object]:
    """The work, whose refusals are the question's fault and not the service's."""

    def done(progress: Progress) -> object:
        try:
            return work(progress)
        except FaceError as error:
            raise GraphError(error.message) from None

    return done
