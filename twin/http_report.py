"""`GET /report`: the page about what fails, as the command line writes it, of the state that the service has.

It is worked out in the threads of failure questions and bounded as they are: so many ids, so many questions that wait.
"""

from __future__ import annotations

import math

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from analytics.scenario import Scenario
from analytics.time.timeline import HORIZON_S
from graph.changes import AsOf
from graph.errors import GraphError, StoreUnavailable, UnknownBranch, UnknownEntity, UnknownRevision
from ontology.namespaces import expand
from resolvers.arguments import FAILED_MAX
from resolvers.context import Face, Questions
from resolvers.errors import BadInput, FaceError, LimitExceeded, NoSuchEntity
from resolvers.states import NAME_MAX, known, other_state
from twin.report.page import Asked, page
from twin.report.style import POLICY

PARTS = ("failed", "opened", "closed", "isolated")
ONCE = ("hours", "at", "branch", "by")
HOURS_MAX = 24 * 365
BY_MAX = 100
"""Characters of the name of who asks."""
_STATUS: dict[type[Exception], int] = {
    LimitExceeded: 503,
    StoreUnavailable: 503,
    NoSuchEntity: 404,
    UnknownEntity: 404,
    UnknownRevision: 404,
    UnknownBranch: 404,
}


def report_route(face: Face) -> Route:
    """The route of the page over one face."""

    async def report(request: Request) -> Response:
        try:
            html = await _answered(face, request.query_params)
        except (FaceError, GraphError) as error:
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
            return PlainTextResponse(f"{error}\n", status_code=status)
        headers = {"content-security-policy": f"{POLICY}; frame-ancestors 'none'", "cache-control": "no-store"}
        return HTMLResponse(html, headers=headers)

    return Route("/report", report, methods=["GET"])


async def _answered(face: Face, given: QueryParams) -> str:
    """The page. Raises `BadInput`, `NoSuchEntity`, `LimitExceeded`, and what the state or the question raises."""
    unknown = next((name for name in given if name not in (*PARTS, *ONCE)), None)
    if unknown is not None:
        raise BadInput(f"no argument {unknown[:40]!r}: there are {', '.join((*PARTS, *ONCE))}")
    horizon_s, asked, by = _hours(given) * 3600, _as_of(given), given.get("by", face.author)
    if len(by) > BY_MAX:
        raise BadInput(f"by has {len(by)} characters: give {BY_MAX} at most")
    ids = [given.getlist(part) for part in PARTS]
    count = sum(map(len, ids))
    if not 1 <= count <= FAILED_MAX:
        raise BadInput(f"{count} ids are given: name 1 to {FAILED_MAX} with failed=ID, opened=ID, closed=ID or isolated=ID")
    await face.prepare()
    state = face.present() if asked == AsOf() else await face.history.run(other_state, face, asked)
    for named in ids:
        await known(state.reads.index, named)
    failed, opened, closed, isolated = (tuple(map(expand, named)) for named in ids)
    scenario = Scenario(failed, opened, closed, isolated)
    return await face.analysis.run(_page, state.questions, scenario, horizon_s, by, asked.branch)


def _page(questions: Questions, scenario: Scenario, horizon_s: float, by: str, branch: str) -> str:
    found = questions.report(scenario, horizon_s)
    return page(found, Asked(by, f"branch {branch}" if branch else f"revision {found.found.revision}"))


def _hours(given: QueryParams) -> float:
    said = given.get("hours")
    if said is None:
        return HORIZON_S / 3600
    try:
        hours = float(said)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= HOURS_MAX:
        raise BadInput(f"hours = {said[:40]}: give a number above 0 and up to {HOURS_MAX}")
    return hours


def _as_of(given: QueryParams) -> AsOf:
    branch = given.get("branch", "")
    if len(branch) > NAME_MAX:
        raise BadInput(f"branch has {len(branch)} characters: give the name of a branch")
    try:
        return AsOf.parse(given.get("at", ""), branch)
    except ValueError as error:
        raise BadInput(f"at: {error}") from None
