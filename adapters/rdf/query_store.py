"""Queries, each answered by a forked job of a keeper that has the newest revision in a store of its own.

Rules of this file:

1. The keeper's store is filled at the first query and then follows revision by revision; one thread does that, whoever asks.
2. Another state (as of, a branch, with what is inferred) is the newest with the difference applied inside the job: it costs the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

from adapters.rdf.problems import Problem, busy, ending
from adapters.rdf.rules import MB, QueryLimits
from adapters.rdf.sandbox.door import WAIT_S, Died, Job, Keeper, Sandbox
from graph.changes import NEWEST, AsOf
from graph.errors import UnknownRevision
from graph.inferred import Inferred
from graph.snapshot import Snapshot
from ontology.rdf_write import plain
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary
from twin.ledger.ledger import Ledger

PART = 100_000
"""Quads that the keeper is fed at once."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query: its text, the format to answer in, the dataset that the protocol gives it (None: none given), whether it names one by
    FROM, and the state that it asks."""

    text: str
    format: str
    base: str
    default: Sequence[str] | None = None
    named: Sequence[str] | None = None
    own_dataset: bool = False
    as_of: AsOf = NEWEST
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class _Begun:
    """A forked job, the revision that it has, and what must be done to have the state that was asked for."""

    job: Job
    revision: int
    removed: bytes
    added: bytes


class QueryStore:
    """Answers queries. Safe from any thread; `close` ends the keeper."""

    def __init__(self, ledger: Ledger, vocabulary: Vocabulary, limits: QueryLimits) -> None:
        self._ledger, self._vocabulary, self._limits = ledger, vocabulary, limits
        self._sandbox = Sandbox()
        self._feeder = ThreadPoolExecutor(1, "sparql-feeder")
        self._fed: tuple[Keeper, int] | None = None
        self._inferred: tuple[int, bytes] | None = None

    def close(self) -> None:
        """End the keeper, in the middle of a fill if need be. A second call does nothing."""
        self._feeder.shutdown(wait=False, cancel_futures=True)
        self._sandbox.close()
        self._feeder.shutdown()

    def ask(self, query: Query) -> tuple[bytes, int]:
        """The serialised answer, and the revision that it speaks of. Raises `Problem` (400, 413, 503), `UnknownRevision`."""
        with self._sandbox.place():
            begun = self._begin(query)
            header = {
                "job": "query",
                "query": query.text,
                "base": query.base,
                "format": query.format,
                "default": query.default,
                "named": query.named,
                "union": query.default is None and query.named is None and not query.own_dataset,
                "answer": self._limits.answer_bytes,
                "removed": len(begun.removed),
            }
            limits = self._limits
            try:
                told, answer = begun.job.run(
                    header,
                    [begun.removed, begun.added],
                    seconds=limits.seconds,
                    memory=limits.memory_bytes + 8 * (len(begun.removed) + len(begun.added)),
                    answer=limits.answer_bytes,
                )
            except Died as died:
                raise self._died(died.reason) from None
        if "told" in told:
            raise self._refused(told["told"])
        return answer, begun.revision

    def _begin(self, query: Query) -> _Begun:
        try:
            future = self._feeder.submit(self._fork, query)
        except RuntimeError:  # the store is closed
            raise ending() from None
        try:
            return future.result(WAIT_S)
        except NotYet:
            future.add_done_callback(_let_go)
            raise busy("the query store is being filled with the newest revision: try again in some seconds", 5) from None
        except CancelledError:
            raise ending() from None

    # -- in the feeder's thread --------------------------------------------------------------------------------------

    def _fork(self, query: Query) -> _Begun:
        newest = self._ledger.snapshot(NEWEST)
        keeper = self._up_to_date(newest)
        removed, added = b"", b""
        if query.as_of != NEWEST:
            change = self._ledger.difference(AsOf(revision=newest.revision), query.as_of)
            removed, added = _nquads(change.removed), _nquads(change.added)
        if query.inferred:
            added += self._inferences(newest if query.as_of == NEWEST else self._ledger.snapshot(query.as_of))
        revision = newest.revision if query.as_of == NEWEST else self._ledger.snapshot(query.as_of).revision
        return _Begun(keeper.fork(), revision, removed, added)

    def _up_to_date(self, newest: Snapshot) -> Keeper:
        """The keeper, its store brought to the newest revision."""
        keeper, fed = self._sandbox.keeper(), self._fed
        self._fed = None  # until all of it has come
        if fed is None or fed[0] is not keeper or not self._follow(keeper, fed[1], newest.revision):
            keeper.feed("clear")
            _feed(keeper, "add", newest.block())
        self._fed = keeper, newest.revision
        return keeper

    def _follow(self, keeper: Keeper, old: int, new: int) -> bool:
        """Take the store of the keeper from revision to revision; False where the old one is no more: the twin was put back."""
        if old == new:
            return True
        try:
            change = self._ledger.difference(AsOf(revision=old), AsOf(revision=new))
        except UnknownRevision:
            return False
        _feed(keeper, "remove", change.removed)
        _feed(keeper, "add", change.added)
        return True

    def _inferences(self, snapshot: Snapshot) -> bytes:
        """The inferred quads of a state; those of the last one asked for are kept."""
        if self._inferred is None or self._inferred[0] != snapshot.serial:
            self._inferred = snapshot.serial, _nquads(QuadBlock.of(Inferred(snapshot, self._vocabulary).quads()))
        return self._inferred[1]

    # -- what is told ------------------------------------------------------------------------------------------------

    def _died(self, reason: str) -> Problem:
        limits = self._limits
        if reason == "time":
            how = "ask about fewer things, join by shared variables, add LIMIT"
            detail = f"the query was ended after {limits.seconds:g} s (setting sparql_seconds): {how}"
            return Problem(503, "out of time", detail)
        if reason == "memory":
            detail = (
                f"the query took more than {limits.memory_bytes // MB:,} MB (setting sparql_memory_mb): ask about fewer things, add LIMIT"
            )
            return Problem(413, "out of memory", detail)
        return Problem(400, "broken", "the query broke its evaluation, which was ended: write it flatter and shorter")

    def _refused(self, told: dict[str, Any]) -> Problem:
        what = told.get("what")
        if what == "memory":
            return self._died("memory")
        if what == "limit":
            return Problem(413, "over a limit", f"the query has {told['limit']}: {told['remedy']}")
        if what == "format":
            return Problem(406, "not in this format", f"{told['reason']}: accept JSON, CSV, Turtle or N-Triples", {"vary": "Accept"})
        if what == "syntax":
            line, column = int(told["line"]), int(told["column"])
            place = f"line {line}, column {column}: " if line else ""
            return Problem(400, "not well formed", f"{place}{told['reason']}", line=line or None, column=column or None)
        return Problem(400, "not taken", str(told.get("reason", "the query is not taken")))


def _let_go(future: Future[_Begun]) -> None:
    """A job that came too late for who asked for it."""
    if not future.cancelled() and future.exception() is None:
        future.result().job.end()


def _feed(keeper: Keeper, act: str, block: QuadBlock) -> None:
    for part in _parts(block):
        keeper.feed(act, [part])


def _nquads(block: QuadBlock) -> bytes:
    return b"".join(_parts(block))


def _parts(block: QuadBlock) -> Iterator[bytes]:
    """The block as N-Quads, in parts."""
    if len(block) == 0:
        return
    texts = [plain(key) for key in block.terms]
    for at in range(0, len(block), PART):
        rows = block.quads[at : at + PART].tolist()
        yield "".join([f"{texts[s]} {texts[p]} {texts[o]} {texts[g]} .\n" for s, p, o, g in rows]).encode()
