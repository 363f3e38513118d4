"""`GET /rdf/report`: what is wrong with what a graph or a source says, as a SHACL validation report in every RDF format, or as JSON.

Rules of this file:

1. What is judged are the subjects of the graph (or of all graphs of the source), within the whole state: a rack that one source describes
   and another one feeds is fed.
2. One report is worked out at a time, of at most `FACTS_MAX` facts, in threads of its own; the last `KEPT` are kept.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.rdf.as_json import finding_json
from adapters.rdf.conditions import State, not_modified
from adapters.rdf.negotiation import RDF_TYPES, chosen
from adapters.rdf.problems import Problem, busy, with_problems
from adapters.rdf.target import TARGET, Target, graphs_of, only_known, target_of
from adapters.rdf.threads import Threads
from graph.reader import SnapshotReader
from graph.snapshot import Snapshot
from ontology.findings import Finding
from ontology.incremental import findings_about
from ontology.rdf import write
from ontology.report import REPORT_GRAPH, report
from ontology.vocabulary import Vocabulary
from twin.ledger.ledger import Ledger

PATH = "/rdf/report"
FACTS_MAX = 500_000
"""Facts of what is judged: some 25 s of work at 20,000 a second."""
KEPT = 8
_WAIT_S = 10.0
_JSON = "application/json"
_FORMATS = {**RDF_TYPES, "json": _JSON}


def report_routes(ledger: Ledger, vocabulary: Vocabulary) -> list[Route]:
    """The report's route."""
    return [Route(PATH, with_problems(Reports(ledger, vocabulary).answer), methods=["GET", "HEAD"])]


class Reports:
    """Answers from the ledger. Safe from any thread."""

    def __init__(self, ledger: Ledger, vocabulary: Vocabulary) -> None:
        self._ledger, self._vocabulary = ledger, vocabulary
        self._in_thread = Threads().run
        self._one = Lock()
        self._kept: OrderedDict[tuple[str, State], Sequence[Finding]] = OrderedDict()

    async def answer(self, request: Request) -> Response:
        """One request. Raises `Problem` (400, 404, 406, 413, 503)."""
        return await self._in_thread(self._answered, request)

    def _answered(self, request: Request) -> Response:
        only_known(request.query_params, TARGET)
        what = target_of(request.query_params, f"{request.url.scheme}://{request.url.netloc}")
        if what.graph is None and what.source is None:
            raise Problem(400, "nothing named", "a report is of a graph or of a source: give ?graph=IRI, ?default or ?source=NAME")
        form = chosen(request.headers.get("accept", ""), _FORMATS)
        if form is None:
            raise Problem(406, "no such format", f"accept one of {', '.join(_FORMATS.values())}", {"vary": "Accept"})
        snapshot = self._ledger.snapshot(what.as_of)
        graphs = graphs_of(self._ledger, snapshot, what)
        if not graphs:
            raise Problem(404, "nothing there", f"{what} says nothing in this state: see sources in GraphQL, or PUT it")
        state = State(snapshot.revision, snapshot.at, _beside(what))
        headers = {"etag": state.tag(form), **state.modified, "vary": "Accept", "cache-control": "no-cache"}
        if not_modified(state, form, request.headers.get("if-none-match"), None):
            return Response(status_code=304, headers=headers)
        found = self._found(what, state, snapshot, graphs)
        return Response(_written(found, form, snapshot, graphs), 200, headers, f"{_FORMATS[form]}; charset=utf-8")

    def _found(self, what: Target, state: State, snapshot: Snapshot, graphs: Sequence[str]) -> Sequence[Finding]:
        """What is wrong, worked out once for each state (rule 2). Raises `Problem` (413, 503)."""
        key = (str(what), state)
        if not self._one.acquire(timeout=_WAIT_S):
            raise busy(f"another report has been at work for {_WAIT_S:g} s: ask again", 10)
        try:
            found = self._kept.get(key)
            if found is None:
                found = findings_about(SnapshotReader(snapshot), _subjects(what, snapshot, graphs), self._vocabulary)
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return found
        finally:
            self._one.release()


def _beside(what: Target) -> str:
    """What the answer depends on beside the revision, for its entity tag."""
    return f"-report{blake2b(what.branch.encode(), digest_size=4).hexdigest() if what.branch else ''}"


def _subjects(what: Target, snapshot: Snapshot, graphs: Sequence[str]) -> list[str]:
    """What the graphs say something of. Raises `Problem` (413)."""
    rows = snapshot.facts.whole
    said = rows[:, np.isin(rows[3], snapshot.terms.numbers(graphs))]
    if said.shape[1] > FACTS_MAX:
        told = f"{what} has {said.shape[1]:,} facts, and at most {FACTS_MAX:,} are judged at a request"
        raise Problem(
            413, "too large to judge here", f"{told}: export it and use `ridethrough validate FILE`, or ask for its graphs one by one"
        )
    return [snapshot.key(subject) for subject in np.unique(said[0]).tolist()]


def _written(found: Sequence[Finding], form: str, snapshot: Snapshot, graphs: Sequence[str]) -> bytes:
    if form != "json":
        out = io.BytesIO()
        try:
            write(report(found, about=graphs, at=snapshot.at), form, out, default_graph=REPORT_GRAPH)
        except ValueError as error:  # a message holds a text that XML does not
            raise Problem(
                406, "not in this format", f"the report cannot be said in {_FORMATS[form]}: {error}", {"vary": "Accept"}
            ) from error
        return out.getvalue()
    told = {
        "graphs": list(graphs),
        "revision": snapshot.revision,
        "at": snapshot.at.isoformat(),
        "conforms": not found,
        "findings": [finding_json(finding) for finding in found],
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2)
